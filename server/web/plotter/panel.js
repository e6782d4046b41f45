import { csvOf, download } from "./csv.js"
import { find, fromTemplate, setText } from "./element.js"
import { Legend } from "./legend.js"
import { numberText } from "./number.js"
import { around, divisible, nearestIn, NOTHING, rangeOfX } from "./range.js"
import { statisticsOf } from "./statistics.js"
import { Strip } from "./strip.js"
import { momentText } from "./time.js"

/** @typedef {import("./store.js").Line} Line */
/** @typedef {import("./range.js").Range} Range */

/** Milliseconds between two updates of the values in the list; nobody reads faster. */
const VALUES = 200

/** How much the buttons zoom. */
const ZOOM = 0.7

/** A plot with its tools and its list of series, for series whose x means the same; a strip for each unit of y. */
export class Panel {
    element
    #timed
    #legend
    /** By unit @type {Map<string, Strip>} */
    #strips = new Map()
    #stack
    /** @type {Range} */
    #x = NOTHING
    #auto = true
    #panning = false
    /** @type {Map<Line, import("./points.js").Points> | undefined} what is shown while the panel is paused */
    #frozen
    /** @type {Line[]} */
    #shown = []
    #span = Infinity
    #valuesAt = 0
    /** @type {number | undefined} */
    #cursor
    #requestDraw
    #buttons
    #under

    /**
     * @param {boolean} timed whether x is a time of day
     * @param {() => void} requestDraw
     */
    constructor(timed, requestDraw) {
        this.#timed = timed
        this.#requestDraw = requestDraw
        this.element = fromTemplate("panel")
        setText(
            find(this.element, "h2", HTMLElement),
            timed ? "Over time" : "Over x"
        )
        this.#stack = find(this.element, ".strips", HTMLElement)
        this.#under = find(this.element, ".under", HTMLElement)
        this.#legend = new Legend(
            find(this.element, ".legend", HTMLElement),
            () => this.#choose()
        )
        this.#buttons = this.#bindTools()
    }

    /** @param {Line[]} lines all that there are */
    setLines(lines) {
        this.element.hidden = lines.length === 0
        this.#legend.setLines(lines)
        this.#choose()
    }

    /** The page's colours have changed. */
    repaint() {
        this.#setStrips()
        this.#requestDraw()
    }

    draw() {
        const pointsOf = (/** @type {Line} */ line) => this.#pointsOf(line)
        if (this.#auto)
            this.#x = rangeOfX(this.#shown.map(pointsOf), this.#span) ?? NOTHING
        const strips = [...this.#strips.values()]
        for (const strip of strips) strip.draw(pointsOf, this.#auto)
        const width = Math.max(...strips.map(({ chart }) => chart.needed))
        for (const { chart } of strips) chart.widen(width)
        if (performance.now() - this.#valuesAt >= VALUES) this.#showValues()
    }

    #pointsOf(/** @type {Line} */ line) {
        return this.#frozen?.get(line) ?? line.points
    }

    #choose() {
        const before = this.#shown
        this.#shown = this.#legend.shown
        const same =
            before.length === this.#shown.length &&
            before.every((line, i) => line.key === this.#shown[i].key)
        if (!same) this.#setStrips()
        // a new connection has other lines of the same keys
        else
            for (const strip of this.#strips.values())
                strip.lines = this.#linesIn(strip.unit)
        this.#valuesAt = 0
        this.#requestDraw()
    }

    #linesIn(/** @type {string} */ unit) {
        return this.#shown.filter(line => line.unit === unit)
    }

    /** One for each unit of what is shown; without any there is an empty one. */
    #setStrips() {
        const units = new Set(this.#shown.map(({ unit }) => unit))
        if (units.size === 0) units.add("")
        for (const [unit, { element }] of this.#strips)
            if (!units.has(unit)) {
                element.remove()
                this.#strips.delete(unit)
            }
        const count = units.size
        for (const [i, unit] of [...units].entries()) {
            const strip = this.#strips.get(unit) ?? this.#newStrip(unit)
            this.#strips.set(unit, strip)
            this.#stack.append(strip.element)
            strip.setLines(
                this.#linesIn(unit),
                line => this.#legend.styleOf(line),
                { isLast: i === count - 1, count }
            )
        }
    }

    #newStrip(/** @type {string} */ unit) {
        return new Strip(unit, this.#timed, {
            isPanning: () => this.#panning,
            x: () => this.#x,
            look: x => this.#look(x),
            fit: () => this.#setAuto(true),
            cursorMoved: strip => this.#moveCursor(strip),
        })
    }

    #bindTools() {
        const button = (/** @type {string} */ name) =>
            find(this.element, `button.${name}`, HTMLButtonElement)
        const pause = button("pause")
        const auto = button("auto")
        const pan = button("pan")
        const span = find(this.element, "select", HTMLSelectElement)
        pause.onclick = () => this.#pause(!this.#frozen)
        auto.onclick = () => this.#setAuto(!this.#auto)
        pan.onclick = () => {
            this.#panning = !this.#panning
            press(pan, this.#panning)
            this.element.classList.toggle("panning", this.#panning)
        }
        button("in").onclick = () => this.#zoom(ZOOM)
        button("out").onclick = () => this.#zoom(1 / ZOOM)
        button("csv").onclick = () => this.#save()
        span.hidden = !this.#timed
        span.onchange = () => {
            this.#span = Number(span.value) * 1000 || Infinity
            this.#setAuto(true)
        }
        return { pause, auto }
    }

    #pause(/** @type {boolean} */ paused) {
        this.#frozen = paused
            ? new Map(
                  this.#legend.lines.map(line => [line, line.points.copy()])
              )
            : undefined
        press(this.#buttons.pause, paused)
        setText(this.#buttons.pause, paused ? "Resume" : "Pause")
        this.#requestDraw()
    }

    #setAuto(/** @type {boolean} */ auto) {
        this.#auto = auto
        press(this.#buttons.auto, auto)
        this.#requestDraw()
    }

    #look(/** @type {Range} */ x) {
        this.#x = divisible(x, this.#timed)
        this.#setAuto(false)
    }

    #zoom(/** @type {number} */ factor) {
        for (const strip of this.#strips.values()) strip.zoomY(factor)
        this.#look(around(this.#x, factor))
    }

    #moveCursor(/** @type {Strip} */ moved) {
        this.#cursor = moved.chart.cursor
        for (const strip of this.#strips.values())
            if (strip !== moved) strip.chart.follow(this.#cursor)
        this.#showValues()
    }

    #showValues() {
        this.#valuesAt = performance.now()
        const x = this.#cursor
        this.#legend.showValues(
            line => {
                const points = this.#pointsOf(line)
                const i =
                    x === undefined
                        ? points.length - 1
                        : nearestIn(points, x, this.#x)
                return i === null ? undefined : points.ys[i]
            },
            line => statisticsOf(this.#pointsOf(line), this.#x)
        )
        setText(this.#under, x === undefined ? "newest" : `at ${this.#at(x)}`)
    }

    #at(/** @type {number} */ x) {
        return this.#timed
            ? momentText(x, 1)
            : numberText(x, this.#x[1] - this.#x[0])
    }

    #save() {
        const lines = this.#shown.map(line => ({
            source: line.source,
            name: line.fullName,
            points: this.#pointsOf(line),
        }))
        download("plot.csv", csvOf(lines, this.#x))
    }
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
    button.setAttribute("aria-pressed", String(pressed))
}
