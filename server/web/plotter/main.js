import { Devices } from "./devices.js"
import { find, setText } from "./element.js"
import { Link } from "./link.js"
import { Panel } from "./panel.js"
import { Store } from "./store.js"

const store = new Store()
const devices = new Devices(find(document, "#devices", HTMLElement))
const state = find(document, "#state", HTMLElement)
const note = find(document, "#note", HTMLElement)
const none = find(document, "#none", HTMLElement)
const panels = [new Panel(true, requestDraw), new Panel(false, requestDraw)]
let shownVersion = 0
let asking = false
let requested = false

find(document, "#panels", HTMLElement).append(
    ...panels.map(({ element }) => element)
)
for (const panel of panels) panel.setLines([])

const link = new Link(
    batch => {
        store.apply(batch)
        asking = true
        requestDraw()
    },
    (now, pause) => {
        state.dataset.state = now
        const again = `no connection, trying again in ${Math.ceil(pause / 1000)} s`
        const text = { connecting: "connecting", open: "live", closed: again }
        setText(state, text[now])
    }
)

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const panel of panels) panel.repaint()
})

function requestDraw() {
    if (requested) return
    requested = true
    requestAnimationFrame(draw)
}

function draw() {
    requested = false
    if (shownVersion !== store.version) showWhatThereIs()
    for (const panel of panels) if (!panel.element.hidden) panel.draw()
    if (asking) link.ask()
    asking = false
}

function showWhatThereIs() {
    shownVersion = store.version
    const lines = [...store.lines.values()]
    const [timed, others] = panels
    timed.setLines(lines.filter(line => line.timed))
    others.setLines(lines.filter(line => !line.timed))
    devices.show(store.table)
    none.hidden = lines.length > 0
    const { refused } = store.table
    const problems = [
        refused > 0 &&
            `${count(refused)} points of too many series are not kept`,
        store.missed > 0 &&
            `${count(store.missed)} points went by while this page was too slow or in the background`,
    ]
    setText(note, problems.filter(Boolean).join("; "))
}

function count(/** @type {number} */ n) {
    return n.toLocaleString("en")
}
