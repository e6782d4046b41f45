/** What the VM puts in the place of each sequence that it does not accept. */
export const REPLACEMENT = "\ufffd"

/**
 * Text (UTF-8, RFC 3629) that arrives in pieces, see `accept`.
 *
 * The bulk goes through the VM's own decoder, which is some twenty times faster than bytecode. Two things keep that exact:
 * - The decoder puts one U+FFFD for every invalid sequence, and also for U+FFFE and U+FFFF, which are valid. So text is valid
 *   when it has as many U+FFFD as its bytes have EF BF BD, EF BF BE and EF BF BF. EF is never inside a character, so
 *   each of these stands where a character starts.
 * - The decoder reads beyond the end of a buffer that ends inside a character. It never gets to see one: the
 *   beginning of a character at the end of a piece waits for the next piece.
 */
export class Utf8 {
    /** The last piece as a string, when it started and ended between characters; else undefined. */
    text: string

    /** The beginning of a character; undefined between characters. */
    rest: Buffer
}

/** Takes the next piece. @returns false at the first byte that no text can have there */
export function accept(utf8: Utf8, data: Buffer): boolean {
    const before = utf8.rest
    if (before) data = before.concat(data)
    const length = data.length
    const end = boundary(data, length)
    let whole = data
    let rest: Buffer
    if (end < length) {
        // Before the beginning of a character there may not be another one.
        if (boundary(data, end) < end) return false
        whole = data.slice(0, end)
        rest = data.slice(end)
    }
    const text = whole.toString()
    utf8.text = before || rest ? undefined : text
    utf8.rest = rest
    return (
        (text.indexOf(REPLACEMENT) < 0 ||
            replacements(text) === replaced(whole)) &&
        (!rest || isBeginning(rest))
    )
}

/** The text; undefined when it is not UTF-8. */
export function decode(data: Buffer): string {
    const utf8 = new Utf8()
    return accept(utf8, data) && !utf8.rest ? utf8.text : undefined
}

/** Where the incomplete character before `end` starts, or `end` when there is none. */
function boundary(data: Buffer, end: number): number {
    for (let i = end - 1; i >= 0 && i >= end - 3; --i) {
        const byte = data[i]
        if (byte < 0x80) break
        if (byte >= 0xc0) return i + sizeOf(byte) > end ? i : end
    }
    return end
}

/** Bytes of a character, by its first one. */
function sizeOf(lead: number): number {
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
}

/** Whether a first byte, and what follows it, can become a character. */
function isBeginning(rest: Buffer): boolean {
    const lead = rest[0]
    if (rest.length === 1) return lead >= 0xc2 && lead <= 0xf4
    // It depends on the first two bytes; what else is needed may be any continuation byte.
    const character = Buffer.alloc(sizeOf(lead))
    character.fillAt(0, character.length, 0x80)
    character.blitAt(0, rest, 0, rest.length)
    return character.toString().indexOf(REPLACEMENT) < 0
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
