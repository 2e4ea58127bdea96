const said = document.querySelector("#said")
const callback = document.querySelector("[name=callback]")
const make = (tag, more = {}) => Object.assign(document.createElement(tag), more)
const hidden = (name, value) => make("input", { type: "hidden", name, value })
const phones = new Map()

function phone(member) {
  const section = make("section"), head = make("h2", { textContent: member.name }), move = make("form")
  const list = make("ol"), write = make("form")
  const button = make("button")
  head.append(make("small", { textContent: member.id }), move)
  move.append(hidden("user", member.id), button)
  write.append(hidden("user", member.id), make("input", { name: "text", placeholder: "/lead …", ariaLabel: member.name }),
    make("button", { textContent: "发送 send" }), make("button", { name: "enter", value: "1", textContent: "打开应用 open" }))
  section.append(head, list, write)
  document.querySelector("main").append(section)
  return { section, list, write, button, shown: "" }
}

function draw(member) {
  if (!phones.has(member.id)) phones.set(member.id, phone(member))
  const its = phones.get(member.id)
  its.section.classList.toggle("left", member.left)
  its.button.name = member.left ? "back" : "leave"
  its.button.value = "1"
  its.button.textContent = member.left ? "回来 back" : "离开 leave"
  for (const part of its.write.elements) part.disabled = member.left
  if (its.shown === member.messages) return
  its.shown = member.messages
  its.list.innerHTML = member.messages
  its.list.scrollTop = its.list.scrollHeight
}

async function refresh() {
  const found = await (await fetch("/phones")).json()
  if (document.activeElement !== callback) callback.value = found.callback
  found.members.forEach(draw)
}

document.addEventListener("submit", async event => {
  event.preventDefault()
  const body = new URLSearchParams(new FormData(event.target, event.submitter))
  said.textContent = "…"
  said.textContent = (await (await fetch("/do", { method: "POST", body })).json()).said
  if (event.target.elements.text && !body.has("enter")) event.target.elements.text.value = ""
  refresh()
})
refresh()
setInterval(() => refresh().catch(() => { said.textContent = "✘" }), 1000)
