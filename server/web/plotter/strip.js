import { Chart } from "./chart.js"
import { create } from "./element.js"
import { bindGestures } from "./gestures.js"
import { around, divisible, NOTHING, rangeOfY } from "./range.js"

/** @typedef {import("./store.js").Line} Line */
/** @typedef {import("./range.js").Range} Range */
/** @typedef {import("./points.js").Points} Points */

/**
 * What a strip asks of its panel, which has the x in view for all of its strips.
 * @typedef {{
 *     isPanning: () => boolean
 *     look: (x: Range) => void
 *     x: () => Range
 *     fit: () => void
 *     cursorMoved: (strip: Strip) => void
 * }} StripPanel `look`: these x are to be seen from now on
 */

/** One chart of a panel, for the series of one unit: they share an axis. */
export class Strip {
    element
    chart
    unit
    /** @type {Line[]} */
    lines = []
    /** @type {Range} */
    #y = NOTHING
    #panel

    /**
     * @param {string} unit
     * @param {boolean} timed whether x is a time of day
     * @param {StripPanel} panel
     */
    constructor(unit, timed, panel) {
        this.#panel = panel
        this.unit = unit
        this.element = create("div", "", "plot")
        this.element.tabIndex = 0
        this.element.setAttribute("role", "group")
        this.element.setAttribute(
            "aria-label",
            `Plot${unit ? ` in ${unit}` : ""}: arrow keys move it, plus and minus zoom, 0 shows everything`
        )
        const label = create("bdi", unit, "axis-unit")
        this.element.append(label)
        this.chart = new Chart(this.element, timed, {
            onSelect: ({ x, y }) => this.#look(x, y),
            onCursor: () => panel.cursorMoved(this),
        })
        this.#bindGestures(panel)
    }

    /**
     * @param {Line[]} lines
     * @param {(line: Line) => import("./chart.js").Style} styleOf
     * @param {{ isLast: boolean, count: number }} place among the panel's strips
     */
    setLines(lines, styleOf, { isLast, count }) {
        this.lines = lines
        this.element.dataset.strips = String(Math.min(count, 4))
        this.chart.setSeries(lines.map(styleOf), isLast)
    }

    /**
     * @param {(line: Line) => Points} pointsOf
     * @param {boolean} isAuto whether the y in view follow the points
     */
    draw(pointsOf, isAuto) {
        const points = this.lines.map(pointsOf)
        const x = this.#panel.x()
        if (isAuto) this.#y = rangeOfY(points, x) ?? NOTHING
        this.chart.draw(points, { x, y: this.#y })
    }

    /**
     * @param {number} factor
     * @param {number} [y] default the middle
     */
    zoomY(factor, y) {
        this.#y = divisible(around(this.#y, factor, y), false)
    }

    #look(/** @type {Range} */ x, /** @type {Range} */ y) {
        this.#y = divisible(y, false)
        this.#panel.look(x)
    }

    #pan(/** @type {number} */ dx, /** @type {number} */ dy) {
        this.#look(moved(this.#panel.x(), dx), moved(this.#y, dy))
    }

    #bindGestures(/** @type {StripPanel} */ { isPanning, x, fit }) {
        const moves = {
            isPanning,
            fit,
            pan: this.#pan.bind(this),
            zoom: (
                /** @type {number} */ factor,
                /** @type {number | undefined} */ atX,
                /** @type {number | undefined} */ atY
            ) => {
                this.zoomY(factor, atY)
                this.#panel.look(around(x(), factor, atX))
            },
        }
        bindGestures(this.element, this.chart, moves, (fraction, up) =>
            this.#pan(fraction * widthOf(x()), up * widthOf(this.#y))
        )
    }
}

function widthOf(/** @type {Range} */ [from, to]) {
    return to - from
}

/**
 * @param {Range} range
 * @param {number} by
 * @returns {Range}
 */
function moved([from, to], by) {
    return [from + by, to + by]
}
