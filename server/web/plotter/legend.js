import { create, find, setText } from "./element.js"
import { MARKS } from "./marks.js"
import { numberText } from "./number.js"

/** @typedef {import("./store.js").Line} Line */

/** Series that are shown without being chosen. */
const SHOWN = 20

/** Series from which on there is a field to search them. */
const MANY = 10

/** Colours that legend.css has: `.colour-0` and so on. */
const COLOURS = 10

/** @typedef {import("./statistics.js").Statistics} Statistics */

/**
 * @typedef {{
 *     item: HTMLLIElement
 *     box: HTMLInputElement
 *     value: HTMLElement
 *     statistics: HTMLElement
 *     swatch: HTMLElement
 *     mark: number
 * }} Row
 */

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
    #nextStyle = 0

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

    /** All lines. */
    get lines() {
        return this.#lines
    }

    /** The lines that are to be seen. */
    get shown() {
        return this.#lines.filter((line, i) => this.#isShown(line, i))
    }

    /**
     * How a line is drawn.
     * @param {Line} line
     * @returns {import("./chart.js").Style}
     */
    styleOf({ key }) {
        const row = this.#rows.get(key)
        if (!row) return { colour: "gray", mark: 0 }
        return { colour: getComputedStyle(row.swatch).color, mark: row.mark }
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

    /**
     * @param {(line: Line) => number | undefined} valueOf
     * @param {(line: Line) => Statistics | undefined} statisticsOf of what is in view
     */
    showValues(valueOf, statisticsOf) {
        for (const line of this.#lines) {
            const row = this.#rows.get(line.key)
            if (!row || row.item.hidden) continue
            const { checked } = row.box
            const value = checked ? valueOf(line) : undefined
            const statistics = checked ? statisticsOf(line) : undefined
            setText(row.value, valueText(value, statistics))
            setText(row.statistics, statisticsText(statistics))
        }
    }

    #isShown(/** @type {Line} */ { key }, /** @type {number} */ i) {
        return this.#chosen.get(key) ?? i < SHOWN
    }

    #addRow(/** @type {Line} */ { key, source, name, unit }) {
        const item = create("li")
        const frame = create("label")
        const box = create("input")
        box.type = "checkbox"
        box.onchange = () => {
            this.#chosen.set(key, box.checked)
            this.#changed()
        }
        const style = this.#nextStyle++
        const mark = style % MARKS
        const look = `swatch colour-${style % COLOURS} mark-${mark}`
        const swatch = create("i", "", look)
        const value = create("span", "", "value")
        const statistics = create("span", "", "statistics")
        const reading = create("span", "", "reading")
        reading.append(value, create("bdi", unit, "unit"))
        const title = create("bdi", name || source, "name")
        frame.append(box, swatch, title, reading, statistics)
        item.append(frame)
        this.#groupOf(source, name).append(item)
        const row = { item, box, value, statistics, swatch, mark }
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

/**
 * @param {number | undefined} value
 * @param {Statistics | undefined} statistics
 */
function valueText(value, statistics) {
    return value === undefined ? "" : numberText(value, spreadOf(statistics))
}

function statisticsText(/** @type {Statistics | undefined} */ statistics) {
    if (!statistics) return ""
    const spread = spreadOf(statistics)
    return Object.entries(statistics)
        .map(([name, value]) => `${name}\u00a0${numberText(value, spread)}`)
        .join(" ")
}

function spreadOf(/** @type {Statistics | undefined} */ statistics) {
    if (!statistics) return 0
    const spread = statistics.max - statistics.min
    return Number.isFinite(spread) ? spread : 0
}
