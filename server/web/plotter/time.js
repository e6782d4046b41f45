const SECOND = 1000
const DAY = 86_400 * SECOND

const two = (/** @type {number} */ n) => String(n).padStart(2, "0")

/**
 * A time of day as finely as is wanted, and the date where a day is the least.
 * @param {number} ms since 1970
 * @param {number} step milliseconds that the text has to tell apart
 */
export function timeText(ms, step) {
    const date = new Date(ms)
    if (step >= DAY)
        return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`
    if (step >= 60 * SECOND) return minutes
    const seconds = `${minutes}:${two(date.getSeconds())}`
    if (step >= SECOND) return seconds
    return `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`
}

/**
 * A time of day, behind its date unless that is today's.
 * @param {number} ms since 1970
 * @param {number} step milliseconds that the text has to tell apart
 */
export function momentText(ms, step) {
    const day = timeText(ms, DAY)
    const time = timeText(ms, step)
    return day === timeText(Date.now(), DAY) ? time : `${day} ${time}`
}
