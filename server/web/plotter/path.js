import { addMark, isFilled } from "./marks.js"
import { within } from "./range.js"

/** @typedef {import("./points.js").Points} Points */

/** Points for each pixel of width above which a line is drawn by the extremes of each pixel. */
const CROWDED = 2

/** Pixels between points from which on each gets a mark. */
const SPARSE = 14

/** How far outside of the plot a line is drawn: a canvas counts in single precision. */
const FAR = 1e6

/**
 * Builds the path of a series for uPlot. Where points are crowded, a pixel of width gets one bar, which looks the same
 * as all the strokes and is drawn many times as fast.
 * @param {import("uplot")} plot
 * @param {Points} points
 */
export function buildPath(plot, points) {
    const { xOf, yOf, first, last } = layOut(plot, points)
    const { ys, ascending, length } = points
    // the lines to the neighbours outside belong to the picture
    const start = Math.max(first - 1, 0)
    const end = Math.min(last + 1, length)
    const stroke = new Path2D()
    const fill = new Path2D()
    if (ascending && end - start > CROWDED * plot.bbox.width)
        addBars(fill, ys, start, end, xOf, yOf)
    else for (let i = start; i < end; i++) stroke.lineTo(xOf(i), yOf(ys[i]))
    return { stroke, fill }
}

/**
 * The marks of the points within the plot, where they do not crowd. uPlot cuts lines off at the edge, but not these.
 * @param {import("uplot")} plot
 * @param {Points} points
 * @param {number} mark
 */
export function buildMarks(plot, points, mark) {
    const { left, top, width, height } = plot.bbox
    const { xOf, yOf, first, last } = layOut(plot, points)
    const path = new Path2D()
    if ((last - first) * SPARSE < width)
        for (let i = first; i < last; i++) {
            const x = xOf(i)
            const y = yOf(points.ys[i])
            const isSeen =
                x >= left && x <= left + width && y >= top && y <= top + height
            if (isSeen) addMark(path, mark, x, y)
        }
    return isFilled(mark)
        ? { stroke: null, fill: path }
        : { stroke: path, fill: null }
}

/**
 * Where points are on the canvas, and which of them are within the plot's x.
 * @param {import("uplot")} plot
 * @param {Points} points
 */
function layOut(plot, { xs, ascending, length }) {
    const { left, top, width, height } = plot.bbox
    const { min: x0 = 0, max: x1 = 1 } = plot.scales.x
    const { min: y0 = 0, max: y1 = 1 } = plot.scales.y
    const perX = width / (Number(x1) - Number(x0))
    const perY = height / (Number(y1) - Number(y0))
    const [first, last] = ascending
        ? within(xs, [Number(x0), Number(x1)])
        : [0, length]
    return {
        xOf: (/** @type {number} */ i) =>
            clamped(left + (xs[i] - Number(x0)) * perX),
        yOf: (/** @type {number} */ y) =>
            clamped(top + height - (y - Number(y0)) * perY),
        first,
        last,
    }
}

/**
 * A bar for each pixel of width, from its least to its greatest value; each begins where the one before ended.
 * @param {Path2D} path
 * @param {Float64Array} ys
 * @param {number} start
 * @param {number} end
 * @param {(i: number) => number} xOf
 * @param {(y: number) => number} yOf
 */
function addBars(path, ys, start, end, xOf, yOf) {
    const thin = Math.ceil(devicePixelRatio)
    let last = ys[start]
    for (let i = start; i < end;) {
        const x = Math.floor(xOf(i))
        let least = last
        let most = last
        for (; i < end && Math.floor(xOf(i)) === x; i++) {
            last = ys[i]
            if (last < least) least = last
            if (last > most) most = last
        }
        const top = Math.round(yOf(most))
        path.rect(x, top, 1, Math.max(Math.round(yOf(least)) - top, thin))
    }
}

/** @param {number} pixels */
function clamped(pixels) {
    return Math.max(-FAR, Math.min(FAR, pixels))
}
