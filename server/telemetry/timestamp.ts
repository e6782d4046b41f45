let millisecond = NaN
let text = ""

/** The time as ISO 8601 in UTC; put into words once a millisecond, which many events share. */
export function timestamp(): string {
    const now = Date.now()
    if (now !== millisecond) {
        millisecond = now
        text = new Date(now).toISOString()
    }
    return text
}
