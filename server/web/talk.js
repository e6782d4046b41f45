import { element, note } from "./log.js"
import { openSocket } from "./socket.js"

const path = document.body.dataset.path ?? "/"
const state = element("state", HTMLParagraphElement)
const again = element("again", HTMLButtonElement)
const form = document.querySelector("form")

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
