import { create, find, setText } from "./element.js"
import { numberText } from "./number.js"
import { momentText } from "./time.js"

/** @typedef {import("./store.js").Device} Device */

/** The columns: heading, text, and whether the text is a number.
 * @type {[heading: string, text: (device: Device) => string, numeric?: boolean][]} */
const COLUMNS = [
    ["Device", ({ name }) => name],
    ["Address", ({ address }) => address],
    ["Protocol", ({ protocol }) => protocol],
    ["Connected since", ({ since }) => momentText(since, 1000)],
    ["Messages", ({ messages }) => messages.toLocaleString("en"), true],
    ["Wrong", ({ wrong }) => wrong.toLocaleString("en"), true],
    ["Round trip", ({ roundTrip }) => roundTripText(roundTrip), true],
]

/** The table of what is connected. */
export class Devices {
    #root
    #table
    #body
    #more
    #none
    /** @type {Map<string, HTMLTableRowElement>} */
    #rows = new Map()

    /** @param {HTMLElement} root */
    constructor(root) {
        this.#root = root
        this.#table = find(root, "table", HTMLTableElement)
        this.#body = this.#table.createTBody()
        this.#more = find(root, ".more", HTMLElement)
        this.#none = find(root, ".none", HTMLElement)
        const head = this.#table.createTHead().insertRow()
        for (const [heading, , numeric] of COLUMNS) {
            const cell = create("th", heading, numeric ? "number" : "")
            cell.scope = "col"
            head.append(cell)
        }
    }

    /** @param {import("./store.js").Table} table */
    show({ devices, more }) {
        const seen = new Set(devices.map(keyOf))
        for (const [key, row] of this.#rows)
            if (!seen.has(key)) {
                row.remove()
                this.#rows.delete(key)
            }
        for (const device of devices) this.#showRow(device)
        this.#table.hidden = devices.length === 0
        this.#none.hidden = devices.length > 0
        this.#more.hidden = more === 0
        setText(this.#more, `and ${more.toLocaleString("en")} more`)
        // a plotter need not have any
        this.#root.hidden = devices.length === 0 && !this.#root.dataset.echo
    }

    #showRow(/** @type {Device} */ device) {
        const key = keyOf(device)
        const row = this.#rows.get(key) ?? this.#addRow()
        this.#rows.set(key, row)
        for (const [i, [, text]] of COLUMNS.entries())
            setText(row.cells[i], text(device))
        row.classList.toggle("wrong", device.wrong > 0)
    }

    #addRow() {
        const row = this.#body.insertRow()
        for (const [i, [heading, , numeric]] of COLUMNS.entries()) {
            const cell = create(
                i === 0 ? "th" : "td",
                "",
                numeric ? "number" : ""
            )
            if (i === 0) cell.setAttribute("scope", "row")
            // a phone shows the heading beside the value
            cell.dataset.heading = heading
            row.append(cell)
        }
        return row
    }
}

function keyOf(/** @type {Device} */ { id, address, since }) {
    return `${id} ${address} ${since}`
}

function roundTripText(/** @type {number | undefined} */ roundTrip) {
    if (roundTrip === undefined) return "–"
    return `${numberText(roundTrip)} ms`
}
