/** What to wait after so many failures in a row: `first`, doubled with each further one, and at most `longest`. */
export function pauseAfter(
    failures: number,
    first: number,
    longest: number
): number {
    return Math.min(first << Math.min(failures - 1, 10), longest)
}
