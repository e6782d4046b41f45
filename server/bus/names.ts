/** Code points of a name that are kept. */
export const LONGEST_NAME = 100

/** Code points of a unit that are kept. */
const LONGEST_UNIT = 20

/** Stands between a series' name and its unit, as in Teleplot's lines: `temperature§°C`. */
export const UNIT = "§"

/** With what turns the writing direction of all that follows (Unicode Standard Annex 9). */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** A name as the plot shows it: without controls and outer blanks, not longer than `LONGEST_NAME`. */
export function nameOf(text: string): string {
    const clean = text
        .slice(0, 4 * LONGEST_NAME)
        .replace(CONTROLS, " ")
        .trim()
    return shortened(clean, LONGEST_NAME)
}

/** The name of a series with its unit, where it has one. Series of different units are different ones. */
export function withUnit(name: string, unit: string): string {
    const short = shortened(nameOf(unit), LONGEST_UNIT)
    if (!short) return nameOf(name)
    const room = LONGEST_NAME - LONGEST_UNIT - UNIT.length
    return shortened(nameOf(name), room) + UNIT + short
}

function shortened(text: string, longest: number): string {
    return [...text].slice(0, longest).join("").trimEnd()
}
