// The simulator's page: everyone's phone, live. Talks to /sim/api only; text from the server is only ever textContent.
import { avatarText, el, entryNode, setText } from "./draw.js";
import { choose, clockText, dayText, hm, lang, spanText, words } from "./words.js";

const PLACES = { "上海张江科学城": "31.2044,121.6006", "苏州工业园区": "31.3240,120.7255", "深圳南山科技园": "22.5405,113.9460", "北京望京 SOHO": "39.9963,116.4806" };
const POLL_MS = 3000, URGENT_MS = 60_000, GAP_MS = 300_000, NEAR = 48;

const $ = (id) => document.getElementById(id);
const narrow = matchMedia("(max-width: 700px)");
const people = new Map(); // id -> {id, name, …, phone, log, tab, entries, unread, …}, in the server's order
const saved = load();
const hidden = new Set(saved.hidden);
let skew = null, current = null, outageOn = false, team = "";

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem("leadbell.sim")) ?? {};
    return { lang: kept.lang === "en" ? "en" : "zh", hidden: kept.hidden ?? [] };
  } catch { return { lang: "zh", hidden: [] }; } // storage may be forbidden
}
function keep() {
  try { localStorage.setItem("leadbell.sim", JSON.stringify({ lang, hidden: [...hidden] })); } catch { /* the choice then lasts until reload */ }
}

// --- the server --------------------------------------------------------------------------------------------------

/** GET, or POST when there is a body. Only a call the server can recognise as a repeat may ask for several tries. */
async function call(path, body = null, tries = 1) {
  const options = body === null ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  for (let attempt = 1; ; attempt++) {
    let answer;
    try {
      answer = await fetch(`/sim/api/${path}`, { ...options, signal: AbortSignal.timeout(15_000) });
    } catch {
      if (attempt >= tries) throw new Error(words.offline);
      await new Promise((resolve) => setTimeout(resolve, 400 * attempt));
      continue;
    }
    const data = await answer.json().catch(() => ({}));
    if (answer.ok) return data;
    if (answer.status < 500 || attempt >= tries) throw new Error(words.failed(data.detail ?? data.text ?? data.title ?? answer.status));
    await new Promise((resolve) => setTimeout(resolve, 400 * attempt));
  }
}
const chatPath = (person, what) => `people/${encodeURIComponent(person.id)}/${what}`;

/** One load of a chat at a time; a change meanwhile means one more load, not many. */
async function refresh(person) {
  if (!person) return;
  person.stale = true;
  if (person.loading) return;
  person.loading = true;
  try {
    while (person.stale) {
      person.stale = false;
      showChat(person, await call(chatPath(person, "messages")));
    }
  } finally { person.loading = false; }
}
async function refreshPeople() {
  const list = await call("people");
  list.forEach((data, index) => {
    const person = people.get(data.id) ?? addPhone(data.id, index);
    Object.assign(person, data);
    showPerson(person);
  });
  showTeams();
}
async function refreshClock() {
  const data = await call("clock");
  syncClock(data.now);
  $("calendar").hidden = !data.calendar;
  setText($("calendar"), (data.calendar ?? "").split(" · ")[0]);
  $("calendar").title = data.calendar ?? "";
  showOutage(Boolean(data.outage));
}
async function refreshAll() {
  await Promise.all([refreshPeople(), refreshClock()]);
  await Promise.all([...people.values()].map(refresh));
}

let stream = null, pollTimer = null, polls = 0;
function listen() {
  stream = new EventSource("/sim/api/stream");
  const data = (event) => { try { return JSON.parse(event.data) ?? {}; } catch { return {}; } };
  const quietly = (work) => work.catch(() => fallBack());
  stream.onopen = () => { clearInterval(pollTimer); pollTimer = null; showLink("streaming"); quietly(refreshAll()); };
  stream.onerror = fallBack;
  stream.addEventListener("message", (event) => {
    const { person } = data(event);
    quietly(people.has(person) ? refresh(people.get(person)) : refreshAll());
  });
  stream.addEventListener("clock", (event) => { syncClock(data(event).now); quietly(Promise.all([refreshClock(), refreshPeople()])); });
  stream.addEventListener("outage", () => quietly(refreshClock()));
}
/** Without the stream the page asks every 3 s, and tries the stream again every fifth time. */
function fallBack() {
  stream?.close();
  if (pollTimer) return;
  showLink("polling");
  pollTimer = setInterval(async () => {
    try { await refreshAll(); if (pollTimer) showLink("polling"); } catch { showLink("lost"); }
    if (++polls % 5 === 0 && pollTimer) { stream?.close(); listen(); }
  }, POLL_MS);
}
function showLink(state) {
  $("link").dataset.state = state;
  $("link").className = `link ${state === "streaming" ? "on" : "poll"}`;
  setText($("link"), words[state]);
}

// --- clock -------------------------------------------------------------------------------------------------------

const simNow = () => new Date(performance.now() + skew);
function syncClock(now) { if (now) { skew = Date.parse(now) - performance.now(); tick(); } }
function whenText(at) {
  return skew === null || dayText(at) === dayText(simNow()) ? hm(at) : `${dayText(at)} ${hm(at)}`;
}
function tick() {
  if (skew === null) return;
  const now = simNow();
  setText($("clock"), clockText(now));
  $("clock").dateTime = now.toISOString();
  document.querySelectorAll(".status-time").forEach((node) => setText(node, hm(now)));
  document.querySelectorAll(".timer").forEach((timer) => {
    const left = Date.parse(timer.dataset.deadline) - now.getTime();
    setText(timer.lastChild, `${left < 0 ? words.late : words.left} ${spanText(left)}`);
    timer.closest(".card").classList.toggle("urgent", left < URGENT_MS);
    timer.closest(".card").classList.toggle("late", left < 0);
  });
}

// --- people and phones -------------------------------------------------------------------------------------------

function addPhone(id, index) {
  const phone = $("phone").content.firstElementChild.cloneNode(true);
  const tab = el("button", "tab", null, { type: "button", tabindex: "-1" });
  tab.append(el("span", `avatar c${index % 12}`, "", { "aria-hidden": "true" }), el("span", "tab-name"), el("span", "badge", "", { hidden: "" }));
  const part = (selector) => phone.querySelector(selector);
  const person = { id, phone, tab, colour: `c${index % 12}`, log: part(".log"), input: part("textarea"), news: part(".news"), jump: part(".jump"),
    entries: new Map(), choices: new Map(), unfolded: new Set(), list: null, unread: 0,
    press: (message, key, node) => press(person, message, key, node), grew: (height) => { if (fromBottom(person.log) < NEAR + height) toBottom(person); } };
  people.set(id, person);
  phone.id = `phone-${index}`;
  part("h2").id = `name-${index}`;
  part(".avatar").classList.add(person.colour);
  phone.setAttribute("aria-labelledby", `name-${index}`);
  tab.setAttribute("aria-controls", phone.id);
  tab.addEventListener("click", () => { select(person); person.log.focus({ preventScroll: true }); });
  wirePhone(person, part);
  $("desk").append(phone);
  $("strip").append(tab);
  seen.observe(phone);
  translate(phone);
  if (!current) setCurrent(person);
  return person;
}
function wirePhone(person, part) {
  const { phone, input, log } = person;
  part(".composer").addEventListener("submit", (event) => { event.preventDefault(); sendTyped(person); });
  input.addEventListener("keydown", (event) => {
    // while an input method is composing, Enter picks the candidate and must not send
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); sendTyped(person); }
  });
  phone.querySelectorAll("[data-say]").forEach((chip) => chip.addEventListener("click", () => busy(chip, person, () => post(person, { text: chip.dataset.say }))));
  part("[data-fill]").addEventListener("click", (event) => { if (!input.value.trim()) input.value = event.currentTarget.dataset.fill; input.focus(); });
  phone.querySelectorAll("[data-attach]").forEach((tool) => tool.addEventListener("click", () => openAttach(person, tool.dataset.attach)));
  person.jump.addEventListener("click", () => { toBottom(person); log.focus(); });
  log.addEventListener("scroll", () => { if (atBottom(log)) person.jump.hidden = true; }, { passive: true });
  phone.addEventListener("focusin", () => { setCurrent(person); read(person); });
  phone.addEventListener("pointerdown", () => read(person));
  phone.addEventListener("animationend", (event) => { if (event.animationName === "buzz") phone.classList.remove("buzz"); });
  phone.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    const next = neighbour(person, step);
    if (next) { select(next); next.log.focus({ preventScroll: true }); }
  });
}
function showPerson(person) {
  const { phone, tab, name } = person;
  const part = (selector) => phone.querySelector(selector);
  phone.querySelectorAll(".plate .avatar, .mine .avatar").forEach((node) => setText(node, avatarText(name)));
  setText(tab.querySelector(".avatar"), avatarText(name));
  setText(tab.querySelector(".tab-name"), name);
  setText(part("h2"), name);
  part("h2").setAttribute("aria-label", words.phoneOf(name));
  setText(part(".role"), [words.roles[person.role] ?? person.role, person.team_name ?? person.team].filter(Boolean).join(" · "));
  setText(part(".duty"), person.on_duty ? words.on : words.off);
  part(".duty").hidden = person.on_duty === undefined;
  part(".duty").classList.toggle("off", !person.on_duty);
  person.input.placeholder = words.write;
  person.input.setAttribute("aria-label", words.writeTo(name));
  person.log.setAttribute("aria-label", `${words.bot} · ${name}`);
  showUnread(person);
}
const visible = () => [...people.values()].filter((person) => !person.phone.hidden);
function neighbour(person, step) { const row = visible(); return row[row.indexOf(person) + step]; }
function setCurrent(person) {
  current = person;
  for (const { tab } of people.values()) {
    const mine = tab === person?.tab;
    tab.tabIndex = mine ? 0 : -1;
    mine ? tab.setAttribute("aria-current", "true") : tab.removeAttribute("aria-current");
  }
  if (person && narrow.matches) { read(person); person.tab.scrollIntoView({ inline: "nearest", block: "nearest" }); }
}
function select(person) {
  setCurrent(person);
  person.phone.scrollIntoView({ inline: narrow.matches ? "start" : "nearest", block: "nearest" });
}
const seen = new IntersectionObserver((changes) => {
  const shown = changes.find((change) => change.isIntersecting);
  if (shown && narrow.matches) setCurrent([...people.values()].find(({ phone }) => phone === shown.target));
}, { root: $("desk"), threshold: 0.6 });

function showUnread(person) {
  for (const badge of [person.phone.querySelector(".badge"), person.tab.querySelector(".badge")]) {
    badge.hidden = !person.unread;
    setText(badge, person.unread > 99 ? "99+" : String(person.unread));
  }
  person.tab.setAttribute("aria-label", person.unread ? `${person.name}，${words.unread(person.unread)}` : person.name);
  const total = [...people.values()].reduce((sum, { unread }) => sum + unread, 0);
  document.title = (total ? `(${total}) ` : "") + words.title;
}
function read(person) { if (person.unread) { person.unread = 0; showUnread(person); } }
function showTeams() {
  const teams = new Map([...people.values()].filter((person) => person.team).map((person) => [person.team, person.team_name ?? person.team]));
  const wanted = [["", words.allTeams], ...teams];
  const signature = JSON.stringify([wanted, [...people.values()].map(({ id, name, team_name }) => [id, name, team_name])]);
  if ($("team").dataset.signature !== signature) {
    $("team").dataset.signature = signature;
    $("team").replaceChildren(...wanted.map(([value, text]) => el("option", "", text, { value })));
    $("team").value = team;
    document.querySelector(".menu").replaceChildren(...[...people.values()].map(chooserRow));
  }
  showVisible();
}
function chooserRow(person) {
  const row = el("label"), box = el("input", "", null, { type: "checkbox" });
  box.checked = !hidden.has(person.id);
  box.addEventListener("change", () => { box.checked ? hidden.delete(person.id) : hidden.add(person.id); keep(); showVisible(); });
  row.append(box, document.createTextNode(person.name), el("span", "", person.team_name ?? ""));
  return row;
}
function showVisible() {
  for (const person of people.values()) {
    const hide = hidden.has(person.id) || (team !== "" && person.team !== team);
    const back = person.phone.hidden && !hide;
    person.phone.hidden = person.tab.hidden = hide;
    if (back) toBottom(person);
  }
  const row = visible();
  if (!row.includes(current)) setCurrent(row[0] ?? null);
  $("nobody").hidden = row.length > 0;
}

// --- chat --------------------------------------------------------------------------------------------------------

const fromBottom = (log) => log.scrollHeight - log.scrollTop - log.clientHeight, atBottom = (log) => fromBottom(log) < NEAR;
function toBottom(person) { person.log.scrollTop = person.log.scrollHeight; person.jump.hidden = true; }

/** Brings a chat up to date: an entry is built again only when what it shows has changed. */
function showChat(person, list) {
  const first = person.list === null, stick = first || atBottom(person.log), fresh = [];
  person.list = list;
  const keepIds = new Set(list.map((message) => message.id));
  for (const [id, entry] of person.entries) if (!keepIds.has(id)) { entry.node.remove(); person.entries.delete(id); }
  person.log.querySelector(".empty")?.remove();
  let cursor = person.log.firstElementChild, before = 0;
  for (const message of list) {
    const at = Date.parse(message.at), when = at - before > GAP_MS ? whenText(at) : "";
    const known = person.entries.get(message.id), json = JSON.stringify([when, message, lang]);
    if (!known) fresh.push(message);
    if (known?.json !== json) {
      const node = entryNode(person, message, when, at);
      if (cursor === known?.node) cursor = cursor?.nextElementSibling ?? null;
      known ? replaceKeepingFocus(known.node, node) : person.log.insertBefore(node, cursor);
      person.entries.set(message.id, { node, json });
    } else if (known.node === cursor) cursor = cursor.nextElementSibling;
    else person.log.insertBefore(known.node, cursor);
    before = at;
  }
  if (!list.length) person.log.append(el("p", "empty", words.empty));
  tick();
  const own = fresh.some((message) => message.from === person.id);
  if (stick || own) toBottom(person); else if (fresh.length) person.jump.hidden = false;
  if (!first) arrived(person, fresh.filter((message) => message.from !== person.id));
}
function arrived(person, fresh) {
  if (!fresh.length) return;
  const attended = document.hasFocus() && (person.phone.contains(document.activeElement) || (narrow.matches && person === current));
  if (!attended) person.unread += fresh.length;
  showUnread(person);
  person.news.textContent = fresh.map((message) => `${person.name}: ${(message.card?.title ?? message.text ?? words[message.type] ?? "").slice(0, 120)}`).join("\n");
  if (!fresh.some((message) => message.type === "card")) return;
  for (const node of [person.phone, person.tab]) {
    node.classList.remove("buzz");
    void node.offsetWidth; // so that a second card restarts the animation
    node.classList.add("buzz");
    setTimeout(() => node.classList.remove("buzz"), 900);
  }
}
function replaceKeepingFocus(old, node) {
  const active = document.activeElement, had = old.contains(active), key = active?.dataset?.k;
  old.replaceWith(node);
  if (!had) return;
  const again = key && [...node.querySelectorAll("[data-k]")].find((candidate) => candidate.dataset.k === key);
  (again || node.querySelector(".msg")).focus({ preventScroll: true });
}
async function press(person, message, key, node) {
  const card = node.closest(".card");
  await busy(node, person, async () => {
    const picks = [...card.querySelectorAll("select")].filter((pick) => pick.value !== "").map((pick) => [pick.dataset.key, pick.value]);
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const answer = await call(chatPath(person, "clicks"), { message_id: message.id, key, selected: Object.fromEntries(picks), click_id: id }, 3);
    if (answer.ok !== false) person.choices.delete(message.id);
    toast(answer.text || words.pressed, answer.ok === false, person);
    await refresh(person);
  });
}

// --- what people send --------------------------------------------------------------------------------------------

/** Runs `work` once, however often the control is pressed meanwhile; it keeps its focus, unlike a disabled one. */
async function busy(node, person, work) {
  if (node.getAttribute("aria-disabled") === "true") return;
  node.setAttribute("aria-disabled", "true");
  try { await work(); } catch (error) { complain(error, person); } finally { node.removeAttribute("aria-disabled"); }
}
function complain(error, person = null) { toast(error.message, true, person); }
async function post(person, body) {
  await call(chatPath(person, "messages"), body);
  await refresh(person);
}
async function sendTyped(person) {
  const text = person.input.value.trim();
  if (!text) return;
  person.input.value = "";
  try { await post(person, { text }); } catch (error) { person.input.value ||= text; complain(error, person); }
}
function openAttach(person, kind) {
  const sheet = $("attach"), form = sheet.querySelector("form");
  form.reset();
  form.label.value = form.place.selectedOptions[0].textContent;
  setText($("attach-title"), `${words[kind]} · ${person.name}`);
  form.querySelectorAll("[data-kind]").forEach((part) => { part.hidden = part.dataset.kind !== kind; });
  form.onsubmit = () => { attachment(kind, form).then((body) => body && post(person, body)).catch((error) => complain(error, person)); };
  sheet.showModal();
}
async function attachment(kind, form) {
  if (kind === "location") {
    const [lat, lng] = form.place.value.split(",").map(Number);
    return { location: { lat, lng, label: form.label.value.trim() } };
  }
  if (kind === "voice") {
    const text = form.said.value.trim();
    return text ? { voice: { text, seconds: Math.min(60, Math.max(1, Math.round(text.length / 4))) } } : null; // about four characters a second
  }
  const file = form.file.files[0];
  return { image: { name: file?.name ?? "card.jpg", data: await pictureData(file) } };
}
/** A data URL of at most 960 px a side, so that a photo from a real phone stays well under the server's limit. */
async function pictureData(file) {
  const picture = file ? await createImageBitmap(file) : null, canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  const scale = picture ? Math.min(1, 960 / Math.max(picture.width, picture.height)) : 1;
  [canvas.width, canvas.height] = picture ? [picture.width * scale, picture.height * scale] : [640, 380];
  if (picture) pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  else drawCard(pen);
  return canvas.toDataURL("image/jpeg", 0.82);
}
function drawCard(pen) {
  const paint = (colour, ...box) => { pen.fillStyle = colour; pen.fillRect(...box); };
  const write = (colour, size, text, y) => { pen.fillStyle = colour; pen.font = `${size}px sans-serif`; pen.fillText(text, 84, y); };
  paint("#c9b79c", 0, 0, 640, 380); paint("#ffffff", 50, 46, 540, 288); paint("#1f5fd6", 50, 46, 12, 288);
  write("#16202c", 46, "张伟", 128); write("#566273", 24, "生产总监", 168); write("#16202c", 27, "博达智能装备有限公司", 236); write("#566273", 24, "138 1234 5678   boda.example", 286);
}

// --- top bar -----------------------------------------------------------------------------------------------------

/** Says something at the phone it concerns, or under the top bar. */
function toast(text, bad = false, person = null) {
  const node = el("p", `toast${bad ? " bad" : ""}`, text), place = person?.phone.querySelector(".toasts") ?? $("toasts");
  place.append(node);
  while (place.children.length > 3) place.firstChild.remove();
  setTimeout(() => node.remove(), 4000 + Math.min(6000, text.length * 60));
}
function showOutage(on) {
  outageOn = on;
  $("outage").setAttribute("aria-checked", String(on));
  $("outage-note").hidden = !on;
  setText($("outage-note"), on ? words.outageOn : "");
}
function translate(root) {
  root.querySelectorAll("[data-t]").forEach((node) => setText(node, words[node.dataset.t]));
  root.querySelectorAll("[data-t-label]").forEach((node) => { node.setAttribute("aria-label", words[node.dataset.tLabel]); if (node.matches("button")) node.title = words[node.dataset.tLabel]; });
}
function speak(language) {
  choose(language);
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = words.title;
  translate(document);
  const other = lang === "zh" ? ["EN", "Switch to English", "en"] : ["中文", "切换到中文", "zh-CN"];
  setText($("lang"), other[0]);
  $("lang").setAttribute("aria-label", other[1]);
  $("lang").lang = other[2];
  setText($("nobody"), words.nobody);
  showOutage(outageOn);
  if ($("link").dataset.state) showLink($("link").dataset.state);
  for (const person of people.values()) { showPerson(person); if (person.list) showChat(person, person.list); }
  showTeams();
  tick();
}
function wireBar() {
  document.querySelectorAll("[data-advance]").forEach((button) => button.addEventListener("click", () => busy(button, null, async () => {
    syncClock((await call("clock", { advance: button.dataset.advance })).now);
    $("toasts").replaceChildren(); // the clock is where it is now; where it was meanwhile only hides the names
    toast(words.jumped(clockText(simNow())));
    await refreshAll();
  })));
  $("outage").addEventListener("click", () => busy($("outage"), null, async () => { await call("outage", { on: !outageOn }); await refreshClock(); }));
  $("team").addEventListener("change", () => { team = $("team").value; showVisible(); });
  $("lang").addEventListener("click", () => { speak(lang === "zh" ? "en" : "zh"); keep(); });
  $("more").addEventListener("click", () => $("more").setAttribute("aria-expanded", String(document.querySelector(".bar").classList.toggle("open"))));
  document.addEventListener("click", (event) => { if (!$("chooser").contains(event.target)) $("chooser").open = false; });
  $("chooser").addEventListener("keydown", (event) => { if (event.key === "Escape") { $("chooser").open = false; $("chooser").firstElementChild.focus(); } });
  $("strip").addEventListener("keydown", (event) => {
    const row = visible(), index = row.indexOf(current), to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: row.length - 1 }[event.key];
    if (to === undefined || !row[to]) return;
    event.preventDefault();
    select(row[to]);
    row[to].tab.focus();
  });
  const { place, label } = $("attach").querySelector("form");
  place.append(...Object.entries(PLACES).map(([name, value]) => el("option", "", name, { value })));
  place.addEventListener("change", () => { label.value = place.selectedOptions[0].textContent; });
  $("attach-cancel").addEventListener("click", () => $("attach").close());
}

wireBar();
speak(saved.lang);
setInterval(tick, 1000);
setInterval(() => refreshClock().catch(fallBack), 30_000);
listen();
refreshAll().catch(fallBack);
