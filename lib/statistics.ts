/** The value in the middle. @returns undefined of nothing */
export function median(values: readonly number[]): number | undefined {
    const sorted = values.toSorted((a, b) => a - b)
    return sorted[sorted.length >> 1]
}
