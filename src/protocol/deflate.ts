import { reversedBytes } from "./huffman"

/** Most bytes that `deflate` takes at a time: some 50,000 steps of the VM. */
export const MAX_CHUNK = 512

/** Room for what it makes of so many bytes, with what waited and the end of a message: for the last ones it may take more at first. */
export function maxDeflated(size: number): number {
    return size + (size >> 6) + (MAX_CHUNK >> 3) + 16
}

/** Lengths of a match, RFC 1951, 3.2.5. */
const MIN_MATCH = 3
const MAX_MATCH = 258

/** Read in vain behind the last byte, four at a time. */
const PAD = 4

/**
 * Deflates data, RFC 1951, that come in pieces. A match is looked for where the same three bytes, or some that share their place in a table,
 * were met last. Takes three times its window and 0.5 KB, up to windows of 1 KB; beyond that the table stays as it is.
 */
export class Deflater {
    /** The last bytes, in order, and how many there are; matches may start from `start`. */
    readonly history: Buffer
    end = 0
    start = 0
    /** Where the first one was in all data, modulo 65,536. */
    base = 0
    /** By hash, where three bytes were met last. */
    readonly table: Buffer
    /** Output that is no whole byte yet, its first bit lowest. */
    hold = 0
    held = 0
    out: Buffer
    place: number

    /** @param bits of the window's size, 8 to 15 */
    constructor(bits: number) {
        const size = 1 << bits
        this.history = Buffer.alloc(size + MAX_CHUNK + PAD)
        this.table = Buffer.alloc(Math.min(2 * size, 2048))
    }
}

/** Nothing of what came before is used any more. */
export function forget(deflater: Deflater) {
    deflater.start = deflater.end
}

/**
 * Deflates bytes of `data`, at most `MAX_CHUNK`, as a block of fixed Huffman codes, or as they are where that is shorter.
 * @param out takes it from `place` on
 * @returns the place behind it
 */
export function deflate(
    deflater: Deflater,
    data: Buffer | string,
    from: number,
    size: number,
    out: Buffer,
    place: number
): number {
    const at = append(deflater, data, from, size)
    const { hold, held } = deflater
    deflater.out = out
    deflater.place = place
    put(deflater, 0b010, 3)
    putCodes(deflater, at)
    put(deflater, 0, 7)
    if (deflater.place > place + size + 4) {
        // RFC 1951, 3.2.4
        deflater.hold = hold
        deflater.held = held
        deflater.place = place
        flush(deflater)
        out.setAt(deflater.place, "u16", size)
        out.setAt(deflater.place + 2, "u16", ~size & 0xffff)
        out.blitAt(deflater.place + 4, deflater.history, at, size)
        deflater.place += 4 + size
    }
    return deflater.place
}

/** Ends a message: with a stored block, whose 00 00 FF FF is left out, RFC 7692, 7.2.1. */
export function finish(deflater: Deflater, out: Buffer, place: number): number {
    deflater.out = out
    deflater.place = place
    flush(deflater)
    return deflater.place
}

/** The header of a stored block, and nothing up to the next byte. */
function flush(deflater: Deflater) {
    put(deflater, 0, 3)
    put(deflater, 0, -deflater.held & 7)
    if (deflater.held) deflater.out[deflater.place++] = deflater.hold
    deflater.hold = 0
    deflater.held = 0
}

/** @returns where it is in the history */
function append(
    deflater: Deflater,
    data: Buffer | string,
    from: number,
    size: number
): number {
    const { history } = deflater
    if (deflater.end + size + PAD > history.length) {
        const gone = Math.max(0, deflater.end - windowSize(deflater))
        const left = deflater.end - gone
        history.blitAt(0, history, gone, left)
        deflater.end = left
        deflater.base = (deflater.base + gone) & 0xffff
        deflater.start = Math.max(0, deflater.start - gone)
    }
    const at = deflater.end
    history.blitAt(at, data, from, size)
    deflater.end = at + size
    return at
}

function windowSize({ history }: Deflater): number {
    return history.length - MAX_CHUNK - PAD
}

/** Puts codes for the history from a place on. */
function putCodes(deflater: Deflater, at: number) {
    const { history, table, base, start, end, out } = deflater
    const mask = table.length - 2
    const most = windowSize(deflater)
    const reversed = reversedBytes()
    let { hold, held, place } = deflater
    while (at < end) {
        const word = history.getAt(at, "i32")
        const slot =
            ((word << 1) ^ (word >> 4) ^ (word >> 10) ^ (word >> 17)) & mask
        const distance = (base + at - table.getAt(slot, "u16")) & 0xffff
        table.setAt(slot, "u16", (base + at) & 0xffff)
        const from = at - distance
        if (
            from >= start &&
            distance &&
            distance <= most &&
            !((history.getAt(from, "i32") ^ word) & 0xffffff)
        ) {
            const length = matchLength(history, from, at, end)
            if (length >= MIN_MATCH) {
                deflater.hold = hold
                deflater.held = held
                deflater.place = place
                putMatch(deflater, length - 3, distance - 1)
                hold = deflater.hold
                held = deflater.held
                place = deflater.place
                at += length
                continue
            }
        }
        const byte = history[at++]
        if (byte < 144) {
            hold |= reversed[0x30 + byte] << held
            held += 8
        } else {
            hold |= ((reversed[byte] << 1) | 1) << held
            held += 9
        }
        if (held > 15) {
            out.setAt(place, "u16", hold & 0xffff)
            place += 2
            hold >>= 16
            held -= 16
        }
    }
    deflater.hold = hold
    deflater.held = held
    deflater.place = place
}

/** How many bytes are the same. */
function matchLength(
    history: Buffer,
    from: number,
    at: number,
    end: number
): number {
    const most = Math.min(MAX_MATCH, end - at)
    let length = 0
    let difference = 0
    while (length < most) {
        difference =
            history.getAt(from + length, "i32") ^
            history.getAt(at + length, "i32")
        if (difference) break
        length += 4
    }
    if (difference)
        while (!(difference & 0xff)) {
            difference >>= 8
            length++
        }
    return Math.min(length, most)
}

/** A match by fixed codes, RFC 1951, 3.2.5 and 3.2.6. */
function putMatch(deflater: Deflater, length: number, distance: number) {
    const reversed = reversedBytes()
    let extra = 0
    let code = length + 1
    if (length === MAX_MATCH - 3) code = 29
    else if (length > 7) {
        while (length >> extra > 7) extra++
        code = 4 * extra + (length >> extra) + 1
    }
    if (code < 24) put(deflater, reversed[code] >> 1, 7)
    else put(deflater, reversed[0xa8 + code], 8)
    put(deflater, length & ((1 << extra) - 1), extra)
    extra = 0
    while (distance >> extra > 3) extra++
    code = 2 * extra + (distance >> extra)
    put(deflater, reversed[code] >> 3, 5)
    put(deflater, distance & ((1 << extra) - 1), extra)
}

function put(deflater: Deflater, value: number, bits: number) {
    let { hold, held } = deflater
    hold |= value << held
    held += bits
    if (held > 15) {
        deflater.out.setAt(deflater.place, "u16", hold & 0xffff)
        deflater.place += 2
        hold >>= 16
        held -= 16
    }
    deflater.hold = hold
    deflater.held = held
}
