/** Code points of a name that are kept. */
export const LONGEST_NAME = 100

const CONTROLS = /[\p{Cc}\u2028\u2029]/gu

/** A name as the plot shows it: without controls and outer blanks, not longer than `LONGEST_NAME`. */
export function nameOf(text: string): string {
    const clean = text
        .slice(0, 4 * LONGEST_NAME)
        .replace(CONTROLS, " ")
        .trim()
    return [...clean].slice(0, LONGEST_NAME).join("").trimEnd()
}
