/** Digits that tell something: of a value, and of how much it varies. */
const DIGITS = 3
const DIGITS_OF_SPREAD = 2

/** Decimals beyond which double precision has no more to tell. */
const MOST_DECIMALS = 20

/**
 * A number with three significant digits, or more where it takes more to tell it from its neighbours; those before the
 * point all stay.
 * @param {number} value
 * @param {number} [spread] of the values that are seen with it
 */
export function numberText(value, spread = 0) {
    const size = Math.abs(value)
    if (size !== 0 && (size >= 1e9 || size < 1e-4))
        return value.toExponential(DIGITS - 1)
    const decimals = Math.max(
        decimalsOf(size, DIGITS),
        decimalsOf(spread, DIGITS_OF_SPREAD)
    )
    return String(Number(value.toFixed(Math.min(decimals, MOST_DECIMALS))))
}

/**
 * Decimals of a number with so many significant digits.
 * @param {number} size
 * @param {number} digits
 */
function decimalsOf(size, digits) {
    if (size === 0) return 0
    return Math.max(0, digits - 1 - Math.floor(Math.log10(size)))
}
