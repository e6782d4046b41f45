/** @typedef {[from: number, to: number]} Range */

/** @typedef {import("./points.js").Points} Points */

/** What is seen when there are no points. @type {Range} */
export const NOTHING = [0, 1]

/** The greatest number that is seen, and the greatest time, in milliseconds since 1970: in the year 5138. */
const FARTHEST = 1e30
const LATEST = 1e14

/** The least part of a number that is seen, and the least width. */
const FINEST = 1e-12
const NARROWEST = 1e-20

/** The part of the width that is seen which counts as near. */
const NEAR = 0.02

/**
 * The x that all points have, or the last `span` of it.
 * @param {Points[]} all
 * @param {number} span Infinity: everything
 * @returns {Range | undefined} undefined without points
 */
export function rangeOfX(all, span) {
    let from = Infinity
    let to = -Infinity
    for (const points of all) {
        const { xs, length, ascending } = points
        if (length === 0) continue
        const [least, most] = ascending
            ? [xs[0], xs[length - 1]]
            : extent(xs, 0, length)
        from = Math.min(from, least)
        to = Math.max(to, most)
    }
    if (from > to) return undefined
    return widened([Math.max(from, to - span), to], 0)
}

/**
 * The y of the points whose x is within `range`, with a margin.
 * @param {Points[]} all
 * @param {Range} range
 * @returns {Range | undefined} undefined without points
 */
export function rangeOfY(all, range) {
    let from = Infinity
    let to = -Infinity
    for (const points of all) {
        const { xs, ys, ascending } = points
        const [start, end] = ascending ? within(xs, range) : [0, xs.length]
        for (let i = start; i < end; i++) {
            if (!ascending && (xs[i] < range[0] || xs[i] > range[1])) continue
            if (ys[i] < from) from = ys[i]
            if (ys[i] > to) to = ys[i]
        }
    }
    return from > to ? undefined : widened([from, to], 0.06)
}

/**
 * A range that can be divided into steps: double precision ends at the sixteenth digit, uPlot's steps at 1e32, and dates
 * as well. What is farther out or nearer together is not seen.
 * @param {Range} range
 * @param {boolean} timed whether it is one of times
 * @returns {Range}
 */
export function divisible([from, to], timed) {
    const farthest = timed ? LATEST : FARTHEST
    const low = Math.max(Math.min(from, farthest), -farthest)
    const high = Math.max(Math.min(to, farthest), -farthest)
    const least = Math.max(Math.abs(low), Math.abs(high)) * FINEST + NARROWEST
    const lacking = Math.max(0, least - (high - low))
    return [low - lacking / 2, high + lacking / 2]
}

/**
 * A range zoomed around a place.
 * @param {Range} range
 * @param {number} factor
 * @param {number} [centre] default the middle
 * @returns {Range}
 */
export function around([from, to], factor, centre = (from + to) / 2) {
    return [centre + (from - centre) * factor, centre + (to - centre) * factor]
}

/**
 * Where the points within a range start and end, in ascending x.
 * @param {Float64Array} xs
 * @param {Range} range
 */
export function within(xs, [from, to]) {
    return [firstAtLeast(xs, from), firstAtLeast(xs, to, true)]
}

/**
 * The index of the point whose x is nearest, where a series has any: before it began and after it ended there is none.
 * @param {Points} points
 * @param {number} x
 * @param {Range} view a little outside of a series still counts, as far as the eye can tell
 * @returns {number | null}
 */
export function nearestIn(points, x, [from, to]) {
    const { xs, ascending } = points
    const slack = (to - from) * NEAR
    const isOutside = x < xs[0] - slack || x > xs[xs.length - 1] + slack
    return ascending && isOutside ? null : nearest(points, x)
}

/**
 * The index of the point whose x is nearest.
 * @param {Points} points
 * @param {number} x
 * @returns {number | null} null without points
 */
export function nearest({ xs, ascending }, x) {
    if (xs.length === 0) return null
    if (ascending) {
        const after = Math.min(firstAtLeast(xs, x), xs.length - 1)
        const before = Math.max(after - 1, 0)
        return x - xs[before] < xs[after] - x ? before : after
    }
    let best = 0
    for (let i = 1; i < xs.length; i++)
        if (Math.abs(xs[i] - x) < Math.abs(xs[best] - x)) best = i
    return best
}

/**
 * @param {Float64Array} xs ascending
 * @param {number} x
 * @param {boolean} above the first one above, equal does not do
 */
function firstAtLeast(xs, x, above = false) {
    let low = 0
    let high = xs.length
    while (low < high) {
        const middle = (low + high) >> 1
        if (xs[middle] < x || (above && xs[middle] === x)) low = middle + 1
        else high = middle
    }
    return low
}

/**
 * @param {Float64Array} values
 * @param {number} start
 * @param {number} end
 */
function extent(values, start, end) {
    let least = Infinity
    let most = -Infinity
    for (let i = start; i < end; i++) {
        least = Math.min(least, values[i])
        most = Math.max(most, values[i])
    }
    return [least, most]
}

/**
 * @param {Range} range
 * @param {number} margin of its width, on each side; a range without width gets one
 * @returns {Range}
 */
function widened([from, to], margin) {
    const width = to - from
    if (width === 0) {
        const half = Math.max(Math.abs(from) / 10, 1)
        return [from - half, to + half]
    }
    return [from - margin * width, to + margin * width]
}
