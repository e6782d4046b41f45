import { Chart, timeText } from "./chart.js"
import { csvOf, download } from "./csv.js"
import { find, fromTemplate, setText } from "./element.js"
import { bindGestures } from "./gestures.js"
import { Legend } from "./legend.js"
import { numberText } from "./number.js"
import { divisible, nearest, rangeOfX, rangeOfY } from "./range.js"

/** @typedef {import("./store.js").Line} Line */
/** @typedef {import("./chart.js").View} View */
/** @typedef {import("./range.js").Range} Range */

/** What is seen when there are no points. @type {View} */
const NOTHING = { x: [0, 1], y: [0, 1] }

/** Milliseconds between two updates of the values in the list; nobody reads faster. */
const VALUES = 200

/** A plot with its tools and its list of series, for series whose x means the same. */
export class Panel {
    element
    #timed
    #chart
    #legend
    #view = NOTHING
    #auto = true
    #panning = false
    /** @type {Map<Line, import("./points.js").Points> | undefined} what is shown while the panel is paused */
    #frozen
    /** @type {Line[]} */
    #shown = []
    #span = Infinity
    #valuesAt = 0
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
        const host = find(this.element, ".plot", HTMLElement)
        setText(
            find(this.element, "h2", HTMLElement),
            timed ? "Over time" : "Over x"
        )
        this.#under = find(this.element, ".under", HTMLElement)
        this.#legend = new Legend(
            find(this.element, ".legend", HTMLElement),
            () => this.#choose()
        )
        this.#chart = new Chart(host, timed, {
            onSelect: view => this.#look(view),
            onCursor: () => this.#showValues(performance.now(), true),
        })
        this.#buttons = this.#bindTools()
        this.#bindGestures(host)
    }

    /** @param {Line[]} lines all that there are */
    setLines(lines) {
        this.element.hidden = lines.length === 0
        this.#legend.setLines(lines)
        this.#choose()
    }

    /** The page's colours have changed. */
    repaint() {
        this.#chart.setSeries(this.#legend.colours)
        this.#requestDraw()
    }

    draw() {
        const points = this.#shown.map(line => this.#pointsOf(line))
        if (this.#auto) {
            const x = rangeOfX(points, this.#span) ?? NOTHING.x
            this.#view = { x, y: rangeOfY(points, x) ?? NOTHING.y }
        }
        this.#chart.draw(points, this.#view)
        this.#showValues(performance.now(), false)
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
        if (!same) this.#chart.setSeries(this.#legend.colours)
        this.#valuesAt = 0
        this.#requestDraw()
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
        button("in").onclick = () => this.#zoom(0.7)
        button("out").onclick = () => this.#zoom(1 / 0.7)
        button("csv").onclick = () => this.#save()
        span.hidden = !this.#timed
        span.onchange = () => {
            this.#span = Number(span.value) * 1000 || Infinity
            this.#setAuto(true)
        }
        return { pause, auto }
    }

    #bindGestures(/** @type {HTMLElement} */ host) {
        const moves = {
            isPanning: () => this.#panning,
            pan: (/** @type {number} */ dx, /** @type {number} */ dy) =>
                this.#pan(dx, dy),
            zoom: this.#zoom.bind(this),
            fit: () => this.#setAuto(true),
        }
        bindGestures(host, this.#chart, moves, (fraction, up) => {
            const { x, y } = this.#view
            this.#pan(fraction * (x[1] - x[0]), up * (y[1] - y[0]))
        })
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

    #look(/** @type {View} */ view) {
        this.#view = {
            x: divisible(view.x, this.#timed),
            y: divisible(view.y, false),
        }
        this.#setAuto(false)
    }

    #pan(/** @type {number} */ dx, /** @type {number} */ dy) {
        const { x, y } = this.#view
        this.#look({ x: [x[0] + dx, x[1] + dx], y: [y[0] + dy, y[1] + dy] })
    }

    /**
     * @param {number} factor
     * @param {number} [x]
     * @param {number} [y]
     */
    #zoom(factor, x, y) {
        this.#look({
            x: around(this.#view.x, factor, x),
            y: around(this.#view.y, factor, y),
        })
    }

    #showValues(/** @type {number} */ now, /** @type {boolean} */ moved) {
        if (!moved && now - this.#valuesAt < VALUES) return
        this.#valuesAt = now
        const x = this.#chart.cursor
        this.#legend.showValues(line => {
            const points = this.#pointsOf(line)
            const i = x === undefined ? points.length - 1 : nearest(points, x)
            return i === null ? undefined : points.ys[i]
        })
        const text = this.#timed ? timeText : numberText
        setText(this.#under, x === undefined ? "newest" : `at ${text(x, 1)}`)
    }

    #save() {
        const lines = this.#shown.map(line => ({
            source: line.source,
            name: line.name,
            points: this.#pointsOf(line),
        }))
        download("plot.csv", csvOf(lines, this.#view.x))
    }
}

/**
 * @param {Range} range
 * @param {number} factor
 * @param {number} [centre] default the middle
 * @returns {Range}
 */
function around([from, to], factor, centre = (from + to) / 2) {
    return [centre + (from - centre) * factor, centre + (to - centre) * factor]
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
    button.setAttribute("aria-pressed", String(pressed))
}
