import uPlot from "../uplot.js"
import { dashOf, RADIUS } from "./marks.js"
import { buildMarks, buildPath } from "./path.js"
import { divisible, nearest, nearestIn } from "./range.js"
import { timeText } from "./time.js"

/** @typedef {import("./range.js").Range} Range */

/** @typedef {import("./points.js").Points} Points */

/** @typedef {{ x: Range, y: Range }} View */

/** How a series is drawn.
 * @typedef {{ colour: string, mark: number }} Style */

/** Pixels between two texts of an axis: numbers, times of day. */
const APART = 60
const TIMES_APART = 100

/** Pixels that a drag has to cover upwards before it zooms in that direction too. */
const UPWARDS = 40

/** Pixels around the drawing: its unit stands above, and a text of the axis below ends beyond its right edge. */
const MARGIN = { top: 24, right: 32, bottom: 8 }

/** Pixels of the axis below. */
const AXIS = 36

/** The drawing of some series; what part of them is seen is decided elsewhere. */
export class Chart {
    #host
    #timed
    #onSelect
    #onCursor
    /** @type {import("uplot") | undefined} */
    #plot
    /** @type {Points[]} */
    #points = []
    /** Pixels that the texts of the y axis need, and those that it gets at least, to stand as its neighbours do */
    #needed = 0
    #width = 0
    /** Where the mouse is, by the event that told so
     * @type {{ event?: MouseEvent | null, left: number, top: number }} */
    #mouse = { left: -1, top: -1 }
    /** The x that the cursor is at @type {number | undefined} */
    #cursor
    /** The x that the cursor of another chart is at @type {number | undefined} */
    #followed
    #colours = { ink: "", line: "" }

    /**
     * @param {HTMLElement} host
     * @param {boolean} timed whether x is a time
     * @param {{ onSelect: (view: View) => void, onCursor: () => void }} events
     */
    constructor(host, timed, { onSelect, onCursor }) {
        this.#host = host
        this.#timed = timed
        this.#onSelect = onSelect
        this.#onCursor = onCursor
        new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(
            host
        )
    }

    /** The element that lies over the lines and gets the mouse; none without series. */
    get surface() {
        return this.#plot?.over
    }

    /** The x that the cursor is at: a point's, if there is one. */
    get cursor() {
        return this.#cursor
    }

    /** Puts the cursor where another chart has it. */
    follow(/** @type {number | undefined} */ x) {
        this.#followed = x
        const left = x === undefined ? -1 : this.#plot?.valToPos(x, "x")
        this.#plot?.setCursor({ left: left ?? -1, top: -1 }, false)
    }

    /** Pixels that the y axis needs. */
    get needed() {
        return this.#needed
    }

    /** Makes the y axis so wide at least. */
    widen(/** @type {number} */ width) {
        if (width === this.#width) return
        this.#width = width
        this.#plot?.redraw(false, true)
    }

    /**
     * Starts anew.
     * @param {Style[]} styles one for each series
     * @param {boolean} isLast whether it has an axis below
     */
    setSeries(styles, isLast) {
        this.#plot?.destroy()
        this.#plot = undefined
        this.#cursor = this.#followed = undefined
        if (styles.length === 0) return
        const { color, borderTopColor } = getComputedStyle(this.#host)
        this.#colours = { ink: color, line: borderTopColor }
        const none = new Float64Array(0)
        this.#points = []
        this.#plot = new uPlot(
            this.#options(styles, isLast),
            // @ts-expect-error the package's types know one shape of data only
            [null, ...styles.map(() => [none, none])],
            this.#host
        )
    }

    /**
     * @param {Points[]} points one for each series
     * @param {View} view
     */
    draw(points, { x, y }) {
        const plot = this.#plot
        if (!plot) return
        this.#points = points
        plot.batch(() => {
            // @ts-expect-error the package's types know one shape of data only
            plot.setData([null, ...points.map(({ xs, ys }) => [xs, ys])], false)
            const [left, right] = divisible(x, this.#timed)
            const [low, high] = divisible(y, false)
            plot.setScale("x", { min: left, max: right })
            plot.setScale("y", { min: low, max: high })
        })
    }

    /**
     * Where a place in the page is, in the units of the plot.
     * @param {{ clientX: number, clientY: number }} place
     */
    at({ clientX, clientY }) {
        const plot = this.#plot
        if (!plot) return { x: 0, y: 0 }
        const { left, top } = plot.over.getBoundingClientRect()
        return {
            x: plot.posToVal(clientX - left, "x"),
            y: plot.posToVal(clientY - top, "y"),
        }
    }

    #size() {
        const { clientWidth, clientHeight } = this.#host
        return {
            width: Math.max(clientWidth, 100),
            height: Math.max(clientHeight, 100),
        }
    }

    /**
     * @param {Style[]} styles
     * @param {boolean} isLast
     * @returns {import("uplot").Options}
     */
    #options(styles, isLast) {
        const scale = { auto: false }
        return {
            ...this.#size(),
            mode: 2,
            ms: 1,
            padding: [MARGIN.top, MARGIN.right, isLast ? 0 : MARGIN.bottom, 0],
            scales: { x: { ...scale, time: this.#timed }, y: scale },
            axes: [
                this.#axis({
                    size: isLast ? AXIS : 0,
                    space: this.#timed ? TIMES_APART : APART,
                    values: axisTexts(this.#timed, isLast),
                    ticks: { show: isLast },
                }),
                this.#axis({
                    size: (_, values) => this.#axisWidth(values),
                }),
            ],
            series: [{}, ...styles.map((style, i) => this.#series(style, i))],
            legend: { show: false },
            cursor: {
                move: (plot, left, top) => this.#snap(plot, left, top),
                drag: { x: true, y: true, uni: UPWARDS, setScale: false },
                dataIdx: (plot, i) => this.#nearest(plot, i),
                points: {
                    size: 9,
                    width: 1.5,
                    fill: (_, i) => styles[i - 1].colour,
                    stroke: () => this.#colours.ink,
                },
                bind: { dblclick: () => null },
            },
            hooks: {
                setSelect: [plot => this.#select(plot)],
                setCursor: [() => this.#onCursor()],
            },
        }
    }

    /**
     * @param {Partial<import("uplot").Axis>} more
     * @returns {import("uplot").Axis}
     */
    #axis(more) {
        return {
            stroke: () => this.#colours.ink,
            font: "12px system-ui, sans-serif",
            grid: { stroke: () => this.#colours.line, width: 1 },
            ...more,
            ticks: {
                stroke: () => this.#colours.line,
                width: 1,
                size: 5,
                ...more.ticks,
            },
        }
    }

    /** The texts' width, or what the neighbours need. */
    #axisWidth(/** @type {string[] | null} */ values) {
        const longest = Math.max(3, ...(values ?? []).map(text => text.length))
        this.#needed = 18 + 7 * longest
        return Math.max(this.#needed, this.#width)
    }

    /**
     * @param {Style} style
     * @param {number} i
     * @returns {import("uplot").Series}
     */
    #series({ colour, mark }, i) {
        const points = () => this.#points[i]
        return {
            stroke: colour,
            fill: colour,
            width: 1.5,
            dash: dashOf(mark),
            points: {
                show: true,
                size: 2 * RADIUS,
                width: 1.5,
                fill: colour,
                stroke: colour,
                paths: plot =>
                    points() ? buildMarks(plot, points(), mark) : null,
            },
            facets: [
                { scale: "x", auto: false },
                { scale: "y", auto: false },
            ],
            paths: plot => (points() ? buildPath(plot, points()) : null),
        }
    }

    /**
     * The cursor goes to the nearest point of the mouse, but not while a button is down: what is selected begins and ends
     * where the mouse does. The drawing may move below a mouse that rests.
     * @param {import("uplot")} plot
     * @param {number} left
     * @param {number} top
     * @returns {[left: number, top: number]}
     */
    #snap(plot, left, top) {
        const { event } = plot.cursor
        if (event && event !== this.#mouse.event) {
            this.#mouse = { event, left, top }
            this.#followed = undefined
        }
        if (this.#followed !== undefined) {
            this.#cursor = this.#followed
            return [plot.valToPos(this.#followed, "x"), -10]
        }
        const mouse = this.#mouse
        if (mouse.left < 0) {
            this.#cursor = undefined
            return [-10, -10]
        }
        const point = event?.buttons ? undefined : this.#pointAt(plot, mouse)
        this.#cursor = point?.x ?? plot.posToVal(mouse.left, "x")
        const { left: x, top: y } = point ?? { left, top }
        return [x, y]
    }

    /**
     * The point that is nearest to a place.
     * @param {import("uplot")} plot
     * @param {{ left: number, top: number }} place
     */
    #pointAt(plot, place) {
        const { clientWidth, clientHeight } = plot.over
        let found
        let least = Infinity
        for (const points of this.#points) {
            const i = nearest(points, plot.posToVal(place.left, "x"))
            if (i === null) continue
            const x = points.xs[i]
            const left = plot.valToPos(x, "x")
            const top = plot.valToPos(points.ys[i], "y")
            if (left < 0 || left > clientWidth) continue
            if (top < 0 || top > clientHeight) continue
            const far = Math.hypot(left - place.left, top - place.top)
            if (far >= least) continue
            least = far
            found = { x, left, top }
        }
        return found
    }

    #nearest(/** @type {import("uplot")} */ plot, /** @type {number} */ i) {
        const points = this.#points[i - 1]
        const x = plot.posToVal(plot.cursor.left ?? 0, "x")
        const { min = 0, max = 0 } = plot.scales.x
        const view = /** @type {Range} */ ([min, max])
        const index = points ? nearestIn(points, x, view) : null
        // uPlot knows the null, its types do not
        return /** @type {number} */ (index)
    }

    #select(/** @type {import("uplot")} */ plot) {
        const { left, top, width, height } = plot.select
        if (width === 0 || height === 0) return
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        this.#onSelect({
            x: [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")],
            y: [plot.posToVal(top + height, "y"), plot.posToVal(top, "y")],
        })
    }
}

/**
 * The texts of the axis below; uPlot's own numbers, or times of day as finely as it is divided.
 * @param {boolean} timed
 * @param {boolean} isLast
 * @returns {import("uplot").Axis.Values | undefined}
 */
function axisTexts(timed, isLast) {
    if (!isLast) return () => []
    if (!timed) return undefined
    return (_, splits, _axis, _space, step) =>
        splits.map(ms => timeText(ms, step))
}
