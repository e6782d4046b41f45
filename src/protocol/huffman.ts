/**
 * Each byte with its bits in reverse: Huffman codes come with their first bit lowest, RFC 1951, 3.1.1. A function, as a program
 * carries a constant whether it uses it or not.
 */
export function reversedBytes(): Buffer {
    return hex`
        008040c020a060e0109050d030b070f0088848c828a868e8189858d838b878f8
        048444c424a464e4149454d434b474f40c8c4ccc2cac6cec1c9c5cdc3cbc7cfc
        028242c222a262e2129252d232b272f20a8a4aca2aaa6aea1a9a5ada3aba7afa
        068646c626a666e6169656d636b676f60e8e4ece2eae6eee1e9e5ede3ebe7efe
        018141c121a161e1119151d131b171f1098949c929a969e9199959d939b979f9
        058545c525a565e5159555d535b575f50d8d4dcd2dad6ded1d9d5ddd3dbd7dfd
        038343c323a363e3139353d333b373f30b8b4bcb2bab6beb1b9b5bdb3bbb7bfb
        078747c727a767e7179757d737b777f70f8f4fcf2faf6fef1f9f5fdf3fbf7fff
    `
}

/** Longest code, RFC 1951, 3.2.7. */
export const MAX_SIZE = 15

/**
 * A table of Huffman codes, RFC 1951, 3.2.2, in a buffer. Codes of one size are consecutive numbers, so that it takes
 * - by size, the last code of that size, moved to the upper end of 16 bits; for size 0, the smallest size;
 * - by size, what makes twice a code the place of its symbol;
 * - the symbols, in the order of their codes.
 */
export const OFFSETS = 36
const SYMBOLS = 104

/** The size of a table. */
export function tableSize(symbols: number): number {
    return SYMBOLS + 2 * symbols
}

/** The places of a byte in a table of short codes: for their sizes, and for their symbols. */
export const SHORT_SYMBOLS = 256
export const SHORT_TABLE = 512

/**
 * Makes a table.
 * @param lengths of the codes, a byte for each symbol; 0 for those without a code
 * @param short gets the codes up to 8 bits that stand for a byte: for each 8 bits that the data may go on with, the first one highest,
 * the size of the code that they start with, 0 for none, and its symbol
 * @returns how much of the codes' space is left: 0 for a complete set, negative for an impossible one
 */
export function buildTable(
    table: Buffer,
    lengths: Buffer,
    short: Buffer
): number {
    let left = 1
    let code = 0
    let place = SYMBOLS
    let min = 0
    for (let size = 1; size <= MAX_SIZE; ++size) {
        left *= 2
        code *= 2
        table.setAt(OFFSETS + 4 * size, "i32", place - 2 * code)
        // The native search is what finds the few that there are of many.
        for (let i = -1; (i = lengths.indexOf(size, i + 1)) >= 0;) {
            if (--left < 0) return left
            table.setAt(place, "u16", i)
            if (short && size < 9 && i < 256) {
                const from = code << (8 - size)
                short.fillAt(from, 256 >> size, size)
                short.fillAt(SHORT_SYMBOLS + from, 256 >> size, i)
            }
            if (!min) min = size
            place += 2
            code++
        }
        if (min) table.setAt(2 * size, "u16", (code << (16 - size)) - 1)
    }
    table.setAt(0, "u16", min || 16)
    table.setAt(32, "u16", 0xffff)
    return left
}
