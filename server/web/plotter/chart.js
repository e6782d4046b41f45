import uPlot from "../uplot.js"
import { buildPath } from "./path.js"
import { divisible, nearest } from "./range.js"

/** @typedef {import("./range.js").Range} Range */

/** @typedef {import("./points.js").Points} Points */

/** @typedef {{ x: Range, y: Range }} View */

/** Pixels between two texts of an axis: numbers, times of day. */
const APART = 60
const TIMES_APART = 100

/** Pixels that a drag has to cover upwards before it zooms in that direction too. */
const UPWARDS = 40

const SECOND = 1000
const DAY = 86_400 * SECOND

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

    /** The x under the cursor. */
    get cursor() {
        const { left = -1 } = this.#plot?.cursor ?? {}
        return left < 0 ? undefined : this.#plot?.posToVal(left, "x")
    }

    /**
     * Starts anew with as many series as there are colours.
     * @param {string[]} colours
     */
    setSeries(colours) {
        this.#plot?.destroy()
        this.#plot = undefined
        if (colours.length === 0) return
        const { color, borderTopColor } = getComputedStyle(this.#host)
        this.#colours = { ink: color, line: borderTopColor }
        const none = new Float64Array(0)
        this.#points = []
        this.#plot = new uPlot(
            this.#options(colours),
            // @ts-expect-error the package's types know one shape of data only
            [null, ...colours.map(() => [none, none])],
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
     * @param {string[]} colours
     * @returns {import("uplot").Options}
     */
    #options(colours) {
        const scale = { auto: false }
        return {
            ...this.#size(),
            mode: 2,
            ms: 1,
            scales: { x: { ...scale, time: this.#timed }, y: scale },
            axes: [
                this.#axis({
                    size: 36,
                    space: this.#timed ? TIMES_APART : APART,
                    values: this.#timed ? times : undefined,
                }),
                this.#axis({ size: widthOf }),
            ],
            series: [
                {},
                ...colours.map((colour, i) => this.#series(colour, i)),
            ],
            legend: { show: false },
            cursor: {
                drag: { x: true, y: true, uni: UPWARDS, setScale: false },
                dataIdx: (plot, i) => this.#nearest(plot, i),
                points: {
                    size: 9,
                    width: 1.5,
                    fill: (_, i) => colours[i - 1],
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
            ticks: { stroke: () => this.#colours.line, width: 1, size: 5 },
            ...more,
        }
    }

    /**
     * @param {string} colour
     * @param {number} i
     * @returns {import("uplot").Series}
     */
    #series(colour, i) {
        return {
            stroke: colour,
            fill: colour,
            width: 1.5,
            points: { show: false },
            facets: [
                { scale: "x", auto: false },
                { scale: "y", auto: false },
            ],
            paths: plot =>
                this.#points[i] ? buildPath(plot, this.#points[i]) : null,
        }
    }

    #nearest(/** @type {import("uplot")} */ plot, /** @type {number} */ i) {
        const points = this.#points[i - 1]
        const x = plot.posToVal(plot.cursor.left ?? 0, "x")
        const index = points ? nearest(points, x) : null
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
 * Times of day as finely as the axis is divided, and the date where a day is the least.
 * @param {import("uplot")} _
 * @param {number[]} splits
 * @param {number} _axis
 * @param {number} _space
 * @param {number} step
 */
function times(_, splits, _axis, _space, step) {
    return splits.map(ms => timeText(ms, step))
}

/**
 * @param {number} ms since 1970
 * @param {number} step milliseconds that the text has to tell apart
 */
export function timeText(ms, step) {
    const date = new Date(ms)
    const two = (/** @type {number} */ n) => String(n).padStart(2, "0")
    if (step >= DAY)
        return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`
    if (step >= 60 * SECOND) return minutes
    const seconds = `${minutes}:${two(date.getSeconds())}`
    if (step >= SECOND) return seconds
    return `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`
}

/**
 * The width of the y axis, for its longest text.
 * @param {import("uplot")} _
 * @param {string[] | null} values
 */
function widthOf(_, values) {
    const longest = Math.max(3, ...(values ?? []).map(value => value.length))
    return 18 + 7 * longest
}
