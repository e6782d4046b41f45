/** What the messages of the suite are made of: no byte like its neighbours, so that a lost or doubled one shows. */

/** Pseudo-random bytes, always the same. */
export function binary(length: number): Buffer {
    const words = new Uint32Array(Math.ceil(length / 4))
    let state = 0x2545f491
    for (let i = 0; i < words.length; i++) {
        // xorshift32
        state ^= state << 13
        state ^= state >>> 17
        state ^= state << 5
        words[i] = state
    }
    return Buffer.from(words.buffer).subarray(0, length)
}

/** Characters of one to four bytes, 26 bytes together. */
const ALPHABET = "aZ09 .{éß߿€\u0800\uffff😀\u{10ffff}"

/** UTF-8 text of that many bytes. */
export function text(length: number): Buffer {
    const lines = Buffer.alloc(length, ALPHABET)
    // the last character may be cut off: fill up with one-byte characters
    for (let at = length - 1; at >= 0 && lines[at] >= 0x80; at--)
        lines[at] = 0x7e
    return lines
}

/** Human-readable size. */
export function sizeName(bytes: number): string {
    if (bytes >= 1 << 20 && bytes % (1 << 20) === 0) return `${bytes >> 20} MB`
    if (bytes >= 1 << 18 && bytes % 1024 === 0) return `${bytes >> 10} KB`
    return `${bytes.toLocaleString("en")} B`
}
