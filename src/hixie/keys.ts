import { md5 } from "./md5"

/** Random bytes that a key takes at most. */
const KEY_BYTES = 42

/** Characters that a key may have between its digits: U+0021 to U+002F, and U+003A to U+007E. */
const MARKS = 15
const LETTERS = 69

/** As many cryptographically strong random bytes as asked for. */
export type Random = (size: number) => Buffer

/** What a server answers, draft-hixie-76, 5.2: the MD5 sum of the keys' numbers and the 8 bytes. */
export function keyAnswer(key1: string, key2: string, key3: Buffer): Buffer {
    const challenge = Buffer.alloc(16)
    storeNumber(challenge, 0, key1)
    storeNumber(challenge, 4, key2)
    challenge.blitAt(8, key3, 0, 8)
    return md5(challenge)
}

/** The number of a key, that of its digits divided by the count of its spaces, with the highest byte first. */
function storeNumber(target: Buffer, at: number, key: string) {
    let number = 0
    let spaces = 0
    for (let i = 0; i < key.length; ++i) {
        const digit = key.charCodeAt(i) - 0x30
        if (digit >= 0 && digit <= 9) number = number * 10 + digit
        else if (key[i] === " ") spaces++
    }
    number /= spaces
    for (let i = at + 3; i >= at; --i) {
        // Not `%`: the VM takes its operands for int32.
        const rest = Math.floor(number / 256)
        target[i] = number - rest * 256
        number = rest
    }
}

/**
 * A key, draft-hixie-76, 4.1, steps 16 to 22: the decimal digits of a number times a count of 1 to 12, 1 to 12 other
 * characters anywhere among them, and as many spaces as the count, not at an end.
 */
export function newKey(random: Random): string {
    const bytes = random(KEY_BYTES)
    const spaces = 1 + (bytes[0] % 12)
    let fraction = 0
    for (let i = 1; i < 5; ++i) fraction = (fraction + bytes[i]) / 256
    const numbers = Math.floor(0xffffffff / spaces) + 1
    let key = "" + Math.floor(fraction * numbers) * spaces
    const marks = 1 + (bytes[5] % 12)
    let next = 6
    for (let i = 0; i < marks; ++i) {
        const mark = bytes[next++] % (MARKS + LETTERS)
        const code = mark < MARKS ? 0x21 + mark : 0x3a - MARKS + mark
        const at = bytes[next++] % (key.length + 1)
        key = insert(key, at, String.fromCharCode(code))
    }
    for (let i = 0; i < spaces; ++i)
        key = insert(key, 1 + (bytes[next++] % (key.length - 1)), " ")
    return key
}

function insert(text: string, at: number, char: string): string {
    return text.slice(0, at) + char + text.slice(at)
}
