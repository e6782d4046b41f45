import { within } from "./range.js"

/** @typedef {import("./points.js").Points} Points */

/** Points for each pixel of width above which a line is drawn by the extremes of each pixel. */
const CROWDED = 2

/** Pixels between points from which on each gets a dot. */
const SPARSE = 8

/** How far outside of the plot a line is drawn: a canvas counts in single precision. */
const FAR = 1e6

/**
 * Builds the path of a series for uPlot. However many points there are, a pixel of width costs at most four strokes:
 * its first, least, greatest and last value, which looks the same as all of them.
 * @param {import("uplot")} plot
 * @param {Points} points
 */
export function buildPath(plot, points) {
    const { left, top, width, height } = plot.bbox
    const { min: x0 = 0, max: x1 = 1 } = plot.scales.x
    const { min: y0 = 0, max: y1 = 1 } = plot.scales.y
    const { xs, ys, ascending, length } = points
    const perX = width / (Number(x1) - Number(x0))
    const perY = height / (Number(y1) - Number(y0))
    const xOf = (/** @type {number} */ i) =>
        clamped(left + (xs[i] - Number(x0)) * perX)
    const yOf = (/** @type {number} */ y) =>
        clamped(top + height - (y - Number(y0)) * perY)
    const [first, last] = ascending
        ? within(xs, [Number(x0), Number(x1)])
        : [0, length]
    // the lines to the neighbours outside belong to the picture
    const start = Math.max(first - 1, 0)
    const end = Math.min(last + 1, length)
    const stroke = new Path2D()
    if (ascending && end - start > CROWDED * width)
        strokeExtremes(stroke, ys, start, end, xOf, yOf)
    else for (let i = start; i < end; i++) stroke.lineTo(xOf(i), yOf(ys[i]))
    const dots = new Path2D()
    if ((end - start) * SPARSE < width)
        for (let i = start; i < end; i++) {
            const radius = 2.5 * devicePixelRatio
            dots.moveTo(xOf(i) + radius, yOf(ys[i]))
            dots.arc(xOf(i), yOf(ys[i]), radius, 0, 2 * Math.PI)
        }
    return { stroke, fill: dots }
}

/**
 * @param {Path2D} path
 * @param {Float64Array} ys
 * @param {number} start
 * @param {number} end
 * @param {(i: number) => number} xOf
 * @param {(y: number) => number} yOf
 */
function strokeExtremes(path, ys, start, end, xOf, yOf) {
    let i = start
    while (i < end) {
        const x = Math.floor(xOf(i))
        const first = ys[i]
        let least = first
        let most = first
        let last = first
        for (i++; i < end && Math.floor(xOf(i)) === x; i++) {
            last = ys[i]
            if (last < least) least = last
            if (last > most) most = last
        }
        path.lineTo(x, yOf(first))
        if (least !== most) {
            path.lineTo(x, yOf(least))
            path.lineTo(x, yOf(most))
            path.lineTo(x, yOf(last))
        }
    }
}

/** @param {number} pixels */
function clamped(pixels) {
    return Math.max(-FAR, Math.min(FAR, pixels))
}
