// How one message looks. Whatever comes from the server goes in as textContent; a person here is one phone's state:
// `choices` (picked, not yet sent), `unfolded` (long texts opened), `press` (a button), `grew` (a picture came in).
import { hm, words } from "./words.js";

const LONG_TEXT = 240, LONG_LINES = 9, STATE_ICONS = { live: "bell", done: "done", dead: "dead" };

export function el(tag, className = "", text = null, attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}
export function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

/** Two last characters of a longer Chinese name, one of a short one, initials of a Latin one. */
export function avatarText(name) {
  const letters = Array.from(name.trim());
  if (/^[\x20-\x7e]+$/.test(name)) return name.trim().split(/\s+/).map((part) => part[0]).slice(0, 2).join("").toUpperCase();
  return letters.slice(letters.length > 2 ? -2 : -1).join("");
}
export function entryNode(person, message, when, at) {
  const mine = message.from !== "bot", entry = el("div", "entry"), row = el("div", `msg ${mine ? "mine" : "theirs"}`, null, { tabindex: "-1" });
  if (when) entry.append(el("p", "when", when));
  let face = el("span", `avatar ${person.colour}`, avatarText(person.name), { "aria-hidden": "true" });
  if (!mine) { face = el("span", "bot-face", null, { "aria-hidden": "true" }); face.append(icon("bell")); }
  row.append(face, el("span", "sr", `${mine ? person.name : words.bot} ${hm(at)}`), bodyNode(person, message));
  entry.append(row);
  return entry;
}
function bodyNode(person, message) {
  const build = { card: cardNode, image: imageNode, location: locationNode, voice: voiceNode }[message.type];
  if (build && (message.type !== "card" || message.card)) return build(person, message);
  const bubble = el("div", "bubble");
  if (message.quote) bubble.append(el("small", "quote", message.quote));
  bubble.append(...longText(person, message.id, message.text ?? ""));
  return bubble;
}
function longText(person, key, text) {
  const node = el("span", "said-text", text);
  if (text.length <= LONG_TEXT && text.split("\n").length <= LONG_LINES) return [node];
  const more = el("button", "unfold", "", { type: "button", "data-k": `more:${key}` });
  const show = () => {
    const open = person.unfolded.has(key);
    node.classList.toggle("cut", !open);
    more.textContent = open ? words.fold : words.unfold;
    more.setAttribute("aria-expanded", String(open));
  };
  more.addEventListener("click", () => { person.unfolded.has(key) ? person.unfolded.delete(key) : person.unfolded.add(key); show(); });
  show();
  return [node, more];
}
/** A link is followed only with a scheme that cannot run anything; otherwise null. */
function safeLink(href, allowed = ["http:", "https:", "tel:", "mailto:"]) {
  try { const url = new URL(href, location.href); return allowed.includes(url.protocol) ? url.href : null; } catch { return null; }
}
function linkNode(className, text, href) {
  const away = /^https?:/.test(href) ? { target: "_blank", rel: "noopener noreferrer" } : {};
  return el("a", className, text, { href, ...away });
}
function imageNode(person, message) {
  const image = message.image ?? {}, bubble = el("div", "bubble media"), source = image.url ?? image.data ?? message.url;
  const text = message.text || image.label || image.name || "";
  const link = source && (source.startsWith("data:image/") ? source : safeLink(source, [location.protocol]));
  if (link) {
    const frame = el("button", "picture", null, { type: "button", "aria-expanded": "false", "aria-label": `${text || words.picture} · ${words.zoom}`, "data-k": "picture" });
    const picture = el("img", "", null, { alt: text || words.picture, src: link });
    picture.addEventListener("load", () => { person.grew(picture.offsetHeight); });
    frame.append(picture);
    frame.addEventListener("click", () => frame.setAttribute("aria-expanded", String(frame.getAttribute("aria-expanded") !== "true")));
    bubble.append(frame);
  }
  if (text || !link) { const caption = el("div", "caption"); caption.append(...longText(person, message.id, text || `[${words.picture}]`)); bubble.append(caption); }
  return bubble;
}
function locationNode(person, message) {
  const place = message.location ?? {}, bubble = el("div", "bubble media place"), map = el("div", "map", null, { "aria-hidden": "true" }), text = el("div", "place-text");
  map.append(icon("pin"));
  text.append(...longText(person, message.id, place.label || message.text || ""));
  if (Number.isFinite(place.lat) && Number.isFinite(place.lng)) text.append(el("small", "", `${place.lat.toFixed(4)}, ${place.lng.toFixed(4)}`));
  bubble.append(map, text);
  return bubble;
}
function voiceNode(person, message) {
  const voice = message.voice ?? {}, bubble = el("div", "bubble"), head = el("span", "voice"), said = el("span", "said");
  head.append(icon("mic"), el("span", "wave", null, { "aria-hidden": "true" }), el("span", "", voice.seconds ? words.seconds(voice.seconds) : words.voicePlain));
  said.append(...longText(person, message.id, message.text || voice.text || ""));
  bubble.append(head, said);
  return bubble;
}

function cardNode(person, message) {
  const { card } = message, state = card.state in STATE_ICONS ? card.state : "dead";
  const label = (state === "live" && card.label) || words[state];
  const node = el("article", `card ${state}`, null, { "aria-label": `${card.title} · ${label}` }), head = el("div", "card-head"), mark = el("span", "state");
  mark.append(icon(STATE_ICONS[state]), document.createTextNode(label));
  head.append(mark);
  if (state === "live" && card.deadline) head.append(timerNode(card.deadline));
  node.append(head, el("h3", "", card.title));
  (card.lines ?? []).forEach((line, index) => { const part = el("p", "lines"); part.append(...longText(person, `${message.id}:${index}`, line)); node.append(part); });
  if (card.fields?.length) node.append(fieldsNode(person, message));
  if (state !== "dead") {
    for (const choice of card.selects ?? []) node.append(selectNode(person, message, choice));
    if (card.buttons?.length) { const row = el("div", "buttons"); row.append(...card.buttons.map((button) => buttonNode(person, message, button))); node.append(row); }
  }
  if (card.note) node.append(el("p", "note", card.note));
  return node;
}
function timerNode(deadline) {
  const timer = el("span", "timer", null, { role: "timer", "aria-live": "off", "data-deadline": deadline });
  timer.append(icon("clock"), el("span"));
  return timer;
}
function fieldsNode(person, message) {
  const list = el("dl", "fields");
  message.card.fields.forEach(({ label, value, href }, index) => {
    const detail = el("dd"), link = href && safeLink(href);
    if (link) detail.append(linkNode("", value, link)); else detail.append(...longText(person, `${message.id}:f${index}`, String(value ?? "")));
    if (link) detail.firstChild.dataset.k = `field:${index}`;
    list.append(el("dt", "", label), detail);
  });
  return list;
}
/** What the person has picked but not yet sent lives in `choices`, so that a card built again still shows it. */
function selectNode(person, message, { key, label, options, selected }) {
  const box = el("label", "pick", label), pick = el("select", "", null, { "data-k": `pick:${key}`, "data-key": key });
  const made = person.choices.get(message.id)?.[key], has = (id) => options.some((option) => String(option.id) === String(id));
  const value = has(made) ? made : has(selected) ? selected : "";
  if (value === "") pick.append(el("option", "", words.choose, { value: "" }));
  pick.append(...options.map(({ id, text }) => el("option", "", text, { value: id })));
  pick.value = value;
  pick.addEventListener("change", () => person.choices.set(message.id, { ...person.choices.get(message.id), [key]: pick.value }));
  box.append(pick);
  return box;
}
function buttonNode(person, message, { key, text, style, url }) {
  const title = message.card.title, about = /L\d+.*/.exec(title)?.[0] ?? title, look = ["primary", "danger"].includes(style) ? style : "default";
  const link = url && safeLink(url), node = link ? linkNode(`act ${look}`, text, link) : el("button", `act ${look}`, text, { type: "button" });
  node.setAttribute("aria-label", `${text} · ${about}`);
  node.dataset.k = `act:${key}`;
  if (!link) node.addEventListener("click", () => person.press(message, key, node));
  return node;
}
