/**
 * A number with as many digits as tell something.
 * @param {number} value
 */
export function numberText(value) {
    const size = Math.abs(value)
    if (size !== 0 && (size >= 1e9 || size < 1e-4))
        return value.toExponential(3)
    return String(Number(value.toPrecision(size >= 1e4 ? 9 : 5)))
}
