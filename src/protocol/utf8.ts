/** What the VM puts in the place of each sequence that it does not accept. */
export const REPLACEMENT = "\ufffd"

/**
 * Checks UTF-8 (RFC 3629) that arrives in pieces, and fails at the first byte that cannot be continued.
 *
 * The bulk goes through the VM's own decoder, which is some twenty times faster than bytecode. Two things keep that exact:
 * - The decoder puts one U+FFFD for every invalid sequence, and also for U+FFFE and U+FFFF, which are valid. So text is valid
 *   when it has as many U+FFFD as its bytes have EF BF BD, EF BF BE and EF BF BF. EF is never inside a character, so
 *   each of these stands where a character starts.
 * - The decoder reads beyond the end of a buffer that ends inside a character. It never gets to see one: the
 *   incomplete character at the end of a piece is checked here, byte by byte.
 */
export class Utf8 {
    /** The last piece as a string, when it starts and ends between characters; else undefined. */
    text: string

    /** Continuation bytes that the last character still needs. */
    needed = 0

    /** Range of the next one. */
    private lower = 0
    private upper = 0

    /** Takes the next piece. @returns false when it is not UTF-8 */
    accept(data: Buffer): boolean {
        const length = data.length
        let from = 0
        while (this.needed && from < length)
            if (!this.step(data[from++])) return false
        const to =
            data[length - 1] < 0x80 ? length : lastBoundary(data, from, length)
        // Before an incomplete character there may not be another one.
        if (to < length && lastBoundary(data, from, to) < to) return false
        const whole = from === 0 && to === length
        const middle = whole ? data : data.slice(from, to)
        const text = middle.toString()
        this.text = whole ? text : undefined
        if (
            text.indexOf(REPLACEMENT) >= 0 &&
            replacements(text) !== replaced(middle)
        )
            return false
        for (let i = to; i < length; ++i) if (!this.step(data[i])) return false
        return true
    }

    /** One byte through the table of RFC 3629, 4. */
    private step(byte: number): boolean {
        if (this.needed) {
            if (byte < this.lower || byte > this.upper) return false
            this.needed--
        } else if (byte < 0x80) return true
        else if (byte >= 0xc2 && byte <= 0xdf) this.needed = 1
        else if (byte >= 0xe0 && byte <= 0xef) this.needed = 2
        else if (byte >= 0xf0 && byte <= 0xf4) this.needed = 3
        else return false
        this.lower = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
        this.upper = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
        return true
    }
}

/** Where the incomplete character at the end starts, or the end when there is none. */
function lastBoundary(data: Buffer, from: number, to: number): number {
    for (let i = to - 1; i >= from && i >= to - 3; --i) {
        const byte = data[i]
        if (byte < 0x80) break
        if (byte >= 0xc0) {
            const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
            return i + size > to ? i : to
        }
    }
    return to
}

function replacements(text: string): number {
    let count = 0
    let i = -1
    while ((i = text.indexOf(REPLACEMENT, i + 1)) >= 0) count++
    return count
}

function replaced(data: Buffer): number {
    let count = 0
    let i = -1
    while ((i = data.indexOf(0xef, i + 1)) >= 0)
        if (data[i + 1] === 0xbf && data[i + 2] >= 0xbd && data[i + 2] < 0xc0)
            count++
    return count
}
