/**
 * Numbers that look like chance and are the same each time: mulberry32.
 * @returns a source of numbers from 0 to below 1
 */
export function seededRandom(seed: number): () => number {
    let state = seed >>> 0
    return () => {
        state = (state + 0x6d2b79f5) >>> 0
        let x = Math.imul(state ^ (state >>> 15), state | 1)
        x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
        return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
    }
}
