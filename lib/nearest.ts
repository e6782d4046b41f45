/** What somebody may have meant who mistyped a word. */

/** The candidate with the fewest letters to change, when they are few enough for a slip of the hand. */
export function nearest(
    word: string,
    candidates: string[]
): string | undefined {
    const near = candidates
        .map(candidate => ({
            candidate,
            distance: distance(word.toLowerCase(), candidate.toLowerCase()),
        }))
        .sort((a, b) => a.distance - b.distance)[0]
    return near && near.distance <= Math.max(1, word.length / 3)
        ? near.candidate
        : undefined
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j)
    for (let i = 1; i <= a.length; i++) {
        const next = [i]
        for (let j = 1; j <= b.length; j++)
            next[j] = Math.min(
                row[j] + 1,
                next[j - 1] + 1,
                row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
            )
        row = next
    }
    return row[b.length]
}
