import { element, note } from "./log.js"
import { openSocket } from "./socket.js"

/**
 * A room that the page is in.
 * @typedef {{ socket: WebSocket, item: HTMLLIElement, button: HTMLButtonElement }} Room
 */

/** @type {Map<string, Room>} */
const rooms = new Map()
let selected = ""

const list = element("rooms", HTMLUListElement)
const join = element("join", HTMLFormElement)
const form = element("form", HTMLFormElement)
const to = element("to", HTMLElement)

/** @param {string} name */
function enter(name) {
    if (rooms.has(name)) return select(name)
    const path = document.body.dataset.path + encodeURIComponent(name)
    const socket = openSocket(path, ["presence"])
    socket.binaryType = "arraybuffer"
    const item = list.appendChild(document.createElement("li"))
    const button = addButton(item, "name", name, () => select(name))
    addButton(item, "leave", "×", () => socket.close(1000)).ariaLabel =
        `Leave ${name}`
    rooms.set(name, { socket, item, button })
    socket.onmessage = ({ data }) => receive(name, data)
    socket.onclose = ({ code, reason }) => leave(name, code, reason)
    socket.onopen = () => select(name)
}

/**
 * @param {HTMLElement} parent
 * @param {string} kind
 * @param {string} text
 * @param {() => void} pressed
 */
function addButton(parent, kind, text, pressed) {
    const button = parent.appendChild(document.createElement("button"))
    button.type = "button"
    button.className = kind
    button.textContent = text
    button.onclick = pressed
    return button
}

/**
 * @param {string} name
 * @param {number} code
 * @param {string} reason
 */
function leave(name, code, reason) {
    rooms.get(name)?.item.remove()
    rooms.delete(name)
    note("closed", `${name}: ${code} ${reason}`.trim())
    const [other = ""] = rooms.keys()
    if (selected === name) select(other)
}

/** @param {string} name */
function select(name) {
    selected = name
    to.textContent = name || "no room"
    for (const [other, { button }] of rooms)
        button.ariaPressed = String(other === name)
    const send = form.querySelector("button")
    if (send) send.disabled = !name
}

/**
 * A message of the room, or what the server tells of it.
 * @param {string} name
 * @param {string | ArrayBuffer} data
 */
function receive(name, data) {
    if (typeof data !== "string") note("got", `${name}: ${hex(data)}`)
    else if (data.startsWith("=")) note("got", `${name}: ${data.slice(1)}`)
    else tell(name, JSON.parse(data.slice(1)))
}

/** @param {ArrayBuffer} data */
function hex(data) {
    const bytes = [...new Uint8Array(data)]
    return bytes.map(byte => byte.toString(16).padStart(2, "0")).join(" ")
}

/**
 * @param {string} name
 * @param {{ event: string, members?: number, messages?: number, reason?: string }} event
 */
function tell(name, { event, members, messages, reason }) {
    if (members === undefined)
        return note("lost", `${name}: ${event} ${messages ?? reason}`)
    const button = rooms.get(name)?.button
    if (button) button.textContent = `${name} (${members})`
    note(event, `${name}: ${members} in the room`)
}

join.onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault()
    enter(element("room", HTMLInputElement).value)
}

form.onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault()
    const text = element("text", HTMLInputElement)
    rooms.get(selected)?.socket.send(text.value)
    note("sent", `${selected}: ${text.value}`)
    text.select()
}

// a token goes along
for (const link of document.links) link.hash = location.hash
