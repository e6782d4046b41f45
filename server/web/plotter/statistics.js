import { within } from "./range.js"

/** @typedef {{ min: number, mean: number, max: number }} Statistics `mean`: of the points, whatever lies between them */

/**
 * Of the points whose x is within a range.
 * @param {import("./points.js").Points} points
 * @param {import("./range.js").Range} range
 * @returns {Statistics | undefined} undefined without points
 */
export function statisticsOf({ xs, ys, ascending }, range) {
    const [start, end] = ascending ? within(xs, range) : [0, xs.length]
    let min = Infinity
    let max = -Infinity
    let mean = 0
    let count = 0
    for (let i = start; i < end; i++) {
        if (xs[i] < range[0] || xs[i] > range[1]) continue
        const y = ys[i]
        if (y < min) min = y
        if (y > max) max = y
        // a sum of the greatest numbers would be infinite
        count++
        mean += y / count - mean / count
    }
    return count > 0 ? { min, mean, max } : undefined
}
