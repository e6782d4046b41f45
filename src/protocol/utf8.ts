import { join } from "./join"

/** What the VM puts in the place of each sequence that it does not accept. */
const REPLACEMENT = "\ufffd"

/**
 * Text (UTF-8, RFC 3629) that arrives in pieces, see `accept`.
 *
 * The bulk goes through the VM's own decoder, which is some twenty times faster than bytecode. Two things keep that exact:
 * - The decoder puts one U+FFFD for every invalid sequence, and also for U+FFFE and U+FFFF, which are valid. So text is valid
 *   when it has as many U+FFFD as its bytes have EF BF BD, EF BF BE and EF BF BF. EF is never inside a character, so
 *   each of these stands where a character starts.
 * - The decoder reads beyond the end of a buffer that ends inside a character. It never gets to see one: a character that is cut at the
 *   end of a piece is completed for it, and waits for the next piece.
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
    if (before) data = join(before, data)
    let whole = data
    let rest: Buffer
    let at = data.length - 1
    while (data[at] >> 6 === 2 && at > data.length - 3) at--
    const lead = data[at]
    const end = at + (lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4)
    if (lead >= 0xc0 && end > data.length) {
        // What is missing may be any byte that goes on; only some second bytes depend on the first.
        rest = data.slice(at)
        whole = Buffer.alloc(end)
        whole.fillAt(data.length, end - data.length, lead & 0xf ? 0x80 : 0xa0)
        whole.blitAt(0, data, 0, data.length)
    }
    const text = whole.toString()
    utf8.rest = rest
    utf8.text = before || rest ? undefined : text
    return (
        text.indexOf(REPLACEMENT) < 0 || replacements(text) === replaced(whole)
    )
}

/** The text; undefined when it is not UTF-8. */
export function decode(data: Buffer): string {
    const utf8 = new Utf8()
    return accept(utf8, data) && !utf8.rest ? utf8.text : undefined
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
