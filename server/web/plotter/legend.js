import { create, find, setText } from "./element.js"
import { numberText } from "./number.js"

/** @typedef {import("./store.js").Line} Line */

/** Series that are shown without being chosen. */
const SHOWN = 20

/** Series from which on there is a field to search them. */
const MANY = 10

/** Colours that style.css has: `.colour-0` and so on. */
const COLOURS = 10

/** @typedef {{ item: HTMLLIElement, box: HTMLInputElement, value: HTMLElement, swatch: HTMLElement }} Row */

/** The list of the series, in which they are chosen; it shows their values as well. */
export class Legend {
    #list
    #search
    #count
    #onChoice
    /** By the line's key: what was chosen by hand, and holds after a reconnection too
     * @type {Map<string, boolean>} */
    #chosen = new Map()
    /** @type {Map<string, Row>} */
    #rows = new Map()
    /** @type {Map<string, HTMLUListElement>} */
    #groups = new Map()
    /** @type {Line[]} */
    #lines = []
    #nextColour = 0

    /**
     * @param {HTMLElement} root
     * @param {() => void} onChoice
     */
    constructor(root, onChoice) {
        this.#list = find(root, "ul", HTMLUListElement)
        this.#search = find(root, "input", HTMLInputElement)
        this.#count = find(root, ".count", HTMLElement)
        this.#onChoice = onChoice
        this.#search.oninput = () => this.#filter()
        for (const [name, shown] of /** @type {const} */ ([
            ["all", true],
            ["none", false],
        ]))
            find(root, `.${name}`, HTMLButtonElement).onclick = () =>
                this.#choose(shown)
    }

    /** The lines that are to be seen. */
    /** All lines. */
    get lines() {
        return this.#lines
    }

    get shown() {
        return this.#lines.filter((line, i) => this.#isShown(line, i))
    }

    /**
     * The colour of each line that is to be seen.
     * @returns {string[]}
     */
    get colours() {
        return this.shown.map(({ key }) => {
            const swatch = this.#rows.get(key)?.swatch
            return swatch ? getComputedStyle(swatch).color : "gray"
        })
    }

    /** @param {Line[]} lines */
    setLines(lines) {
        this.#lines = lines
        const keys = new Set(lines.map(({ key }) => key))
        for (const [key, { item }] of this.#rows)
            if (!keys.has(key)) {
                item.remove()
                this.#rows.delete(key)
            }
        for (const [source, list] of this.#groups)
            if (list.childElementCount === 0) {
                list.parentElement?.remove()
                this.#groups.delete(source)
            }
        for (const [i, line] of lines.entries()) {
            const row = this.#rows.get(line.key) ?? this.#addRow(line)
            row.box.checked = this.#isShown(line, i)
            row.item.classList.toggle("gone", !line.live)
            row.item.title = line.live ? "" : "not connected"
        }
        this.#search.hidden = lines.length < MANY
        this.#filter()
    }

    /** @param {(line: Line) => number | undefined} valueOf */
    showValues(valueOf) {
        for (const line of this.#lines) {
            const row = this.#rows.get(line.key)
            if (!row || row.item.hidden) continue
            const value = row.box.checked ? valueOf(line) : undefined
            setText(row.value, value === undefined ? "" : numberText(value))
        }
    }

    #isShown(/** @type {Line} */ { key }, /** @type {number} */ i) {
        return this.#chosen.get(key) ?? i < SHOWN
    }

    #addRow(/** @type {Line} */ { key, source, name }) {
        const item = create("li")
        const frame = create("label")
        const box = create("input")
        box.type = "checkbox"
        box.onchange = () => {
            this.#chosen.set(key, box.checked)
            this.#changed()
        }
        const colour = this.#nextColour++ % COLOURS
        const swatch = create("i", "", `swatch colour-${colour}`)
        const value = create("span", "", "value")
        frame.append(box, swatch, create("bdi", name || source, "name"), value)
        item.append(frame)
        this.#groupOf(source, name).append(item)
        const row = { item, box, value, swatch }
        this.#rows.set(key, row)
        return row
    }

    /**
     * The list of a source's series, under its name; a source whose only series has no name needs none.
     * @param {string} source
     * @param {string} name
     */
    #groupOf(source, name) {
        if (!name) return this.#list
        const known = this.#groups.get(source)
        if (known) return known
        const group = create("li", "", "group")
        const heading = create("bdi", source, "source")
        const list = create("ul")
        list.setAttribute("aria-label", source)
        group.append(heading, list)
        this.#list.append(group)
        this.#groups.set(source, list)
        return list
    }

    #choose(/** @type {boolean} */ shown) {
        for (const { key } of this.#lines) {
            const row = this.#rows.get(key)
            if (!row || row.item.hidden) continue
            this.#chosen.set(key, shown)
            row.box.checked = shown
        }
        this.#changed()
    }

    #changed() {
        this.#tell()
        this.#onChoice()
    }

    #filter() {
        const wanted = this.#search.value.trim().toLowerCase()
        for (const { key, label } of this.#lines) {
            const row = this.#rows.get(key)
            if (row) row.item.hidden = !label.toLowerCase().includes(wanted)
        }
        this.#tell()
    }

    #tell() {
        const all = this.#lines.length
        const shown = this.shown.length
        setText(this.#count, shown < all ? `${shown} of ${all} shown` : "")
    }
}
