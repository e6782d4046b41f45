/** What UTF-8 is, straight from the grammar of RFC 3629, 4. */

type Range = [number, number]

const TAIL: Range = [0x80, 0xbf]
const FORMS: Range[][] = [
    [[0x00, 0x7f]],
    [[0xc2, 0xdf], TAIL],
    [[0xe0, 0xe0], [0xa0, 0xbf], TAIL],
    [[0xe1, 0xec], TAIL, TAIL],
    [[0xed, 0xed], [0x80, 0x9f], TAIL],
    [[0xee, 0xef], TAIL, TAIL],
    [[0xf0, 0xf0], [0x90, 0xbf], TAIL, TAIL],
    [[0xf1, 0xf3], TAIL, TAIL, TAIL],
    [[0xf4, 0xf4], [0x80, 0x8f], TAIL, TAIL],
]

/** Offset of the first byte that no text can have there; the length when all of it can be the beginning of a text. */
export function firstBad(bytes: Uint8Array): number {
    let forms = FORMS
    let position = 0
    for (const [at, byte] of bytes.entries()) {
        forms = forms.filter(form => {
            const [low, high] = form[position]
            return byte >= low && byte <= high
        })
        if (!forms.length) return at
        position++
        if (forms[0].length === position) {
            forms = FORMS
            position = 0
        }
    }
    return bytes.length
}
