import { openSocket } from "./socket.js"

/** Lines that stay; older ones go. */
const LINES = 200

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
function element(id, type) {
    const found = document.getElementById(id)
    if (found instanceof type) return found
    throw new TypeError(`the page has no ${type.name} ${id}`)
}

const path = document.body.dataset.path ?? "/"
const state = element("state", HTMLParagraphElement)
const log = element("log", HTMLOListElement)
const again = element("again", HTMLButtonElement)
const form = document.querySelector("form")

/**
 * Adds a line; the text is shown, never read as HTML.
 * @param {string} kind
 * @param {string} text
 */
function note(kind, text) {
    const line = document.createElement("li")
    line.className = kind
    for (const [tag, content] of [
        ["b", kind],
        ["span", text],
        ["time", new Date().toLocaleTimeString()],
    ])
        line.appendChild(document.createElement(tag)).textContent = content
    log.append(line)
    while (log.childElementCount > LINES) log.firstElementChild?.remove()
    log.scrollTop = log.scrollHeight
}

/**
 * @param {string} now open, connecting or closed
 * @param {string} url
 */
function show(now, url) {
    state.dataset.state = now
    const [word, where] = state.children
    word.textContent = now
    where.textContent = url
    again.hidden = now !== "closed"
    const send = form?.querySelector("button")
    if (send) send.disabled = now !== "open"
}

function connect() {
    const socket = openSocket(path)
    show("connecting", socket.url)
    socket.onopen = () => {
        show("open", socket.url)
        note("opened", socket.url)
    }
    socket.onmessage = ({ data }) => note("got", data)
    socket.onerror = () => note("error", "the browser does not say what")
    socket.onclose = ({ code, reason }) => {
        show("closed", socket.url)
        note("closed", `${code} ${reason}`.trim())
    }
    if (form)
        form.onsubmit = event => {
            event.preventDefault()
            const text = element("text", HTMLInputElement)
            socket.send(text.value)
            note("sent", text.value)
            text.select()
        }
}

// a token goes along
for (const link of document.links) link.hash = location.hash
again.onclick = connect
connect()
