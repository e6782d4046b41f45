import { CLOSE_INVALID_PAYLOAD, ProtocolError } from "./codes"
import {
    buildTable,
    MAX_SIZE,
    OFFSETS,
    reversedBytes,
    SHORT_SYMBOLS,
    SHORT_TABLE,
    tableSize,
} from "./huffman"

/** Output after which `inflate` returns it, give or take a copy. */
const MAX_OUTPUT = 1024

/** Output and other work after which it gives way, where a byte of output is 1; what a block costs. */
const MAX_TURN = 256
const MAX_WORK = 256
const BLOCK_WORK = 16
const TABLES_WORK = 256

/** What may be read behind the end in one go: 17 bits and 19 times 3. */
const PAD = 16

/** What comes next. */
const BLOCK = 0
const STORED = 1
const LENGTHS = 2
const CODES = 3

const END_OF_BLOCK = 256

/**
 * Inflates DEFLATE data, RFC 1951, that come in pieces: `feed`, then `inflate` until it is hungry. Takes the memory of its window and
 * 1.1 KB, 0.4 KB more while the codes of a block come.
 */
export class Inflater {
    /** A ring of the last bytes of output, where the next one goes, and how many there are to copy from. */
    readonly window: Buffer
    at = 0
    filled = 0
    /** From here on they are still to be returned. */
    from = 0

    /** All that was fed is used, but for bits that need more behind them. */
    isHungry = true
    /** With bytes behind it that may be read in vain; how many bits it has, and the next one. */
    input: Buffer
    end = 0
    bit = 0

    state = BLOCK
    isFinal: boolean
    /** Bytes still to copy, and from how far back; or stored ones to come. */
    length = 0
    distance: number
    readonly literals = Buffer.alloc(tableSize(288))
    readonly distances = Buffer.alloc(tableSize(32))
    readonly short = Buffer.alloc(SHORT_TABLE)
    readonly reversed = reversedBytes()
    /** They are those of RFC 1951, 3.2.6. */
    isFixed = false
    /** The lengths of a block's codes while they come: of both tables, how many of the first, how many have come. */
    lengths: Buffer
    literalCount: number
    count: number
    work = 0

    /** @param bits of the window's size, 8 to 15 */
    constructor(bits: number) {
        this.window = Buffer.alloc(1 << bits)
    }
}

/** Gives it data, when it is hungry: one piece and another one behind it. */
export function feed(inflater: Inflater, data: Buffer, tail: Buffer) {
    const { input, bit, end } = inflater
    const from = bit >> 3
    const rest = (end >> 3) - from
    const size = rest + data.length
    const all = size + tail.length
    const joined = Buffer.alloc(all + PAD)
    if (rest) joined.blitAt(0, input, from, rest)
    joined.blitAt(rest, data, 0, data.length)
    joined.blitAt(size, tail, 0, tail.length)
    inflater.input = joined
    inflater.bit = bit & 7
    inflater.end = all << 3
    inflater.isHungry = false
}

/**
 * Goes on, for at most some 50,000 steps of the VM.
 * @returns the next bytes, up to 1 KB or the end of the ring; none while there may be more to go with them
 * @throws ProtocolError
 */
export function inflate(inflater: Inflater): Buffer {
    const { window } = inflater
    if (inflater.at === window.length) inflater.at = inflater.from = 0
    const { at, from } = inflater
    const to = Math.min(from + MAX_OUTPUT, window.length)
    const pause = Math.min(at + MAX_TURN, to)
    inflater.work = 0
    if (inflater.state === CODES) copy(inflater)
    while (!inflater.isHungry)
        if (inflater.at >= pause || inflater.work > MAX_WORK) break
        else next(inflater, pause)
    inflater.filled = Math.min(inflater.filled, window.length)
    if (inflater.at < to && !inflater.isHungry) return hex``
    inflater.from = inflater.at
    return window.slice(from, inflater.at)
}

/** To be called at the end of a message: it ends with a block. @throws ProtocolError */
export function checkEnd({ state, bit, end }: Inflater) {
    if (state !== BLOCK || bit !== end) throw wrong()
}

/** Takes what comes next; what is not there completely will be taken from its beginning. */
function next(inflater: Inflater, to: number) {
    const { state, bit } = inflater
    if (state === STORED) return copyStored(inflater, to)
    if (state === CODES) return readCodes(inflater, to)
    if (state === LENGTHS) return readLengths(inflater)
    startBlock(inflater)
    if (inflater.bit > inflater.end) {
        inflater.bit = bit
        inflater.state = BLOCK
        inflater.isHungry = true
    }
}

function bits(inflater: Inflater, count: number): number {
    const { input, bit } = inflater
    inflater.bit = bit + count
    return (input.getAt(bit >> 3, "i32") >> (bit & 7)) & ((1 << count) - 1)
}

/** RFC 1951, 3.2.3. */
function startBlock(inflater: Inflater) {
    inflater.work += BLOCK_WORK
    inflater.isFinal = bits(inflater, 1) === 1
    const type = bits(inflater, 2)
    if (type === 0) startStored(inflater)
    else if (type === 1) {
        if (!inflater.isFixed) readFixed(inflater)
        inflater.state = CODES
    } else if (type === 2) readCodeLengths(inflater)
    else if (inflater.bit <= inflater.end) throw wrong()
}

/** RFC 1951, 3.2.4. */
function startStored(inflater: Inflater) {
    align(inflater)
    const size = bits(inflater, 16)
    const complement = bits(inflater, 16)
    if (inflater.bit > inflater.end) return
    if ((size ^ complement) !== 0xffff) throw wrong()
    inflater.length = size
    if (size) inflater.state = STORED
}

function copyStored(inflater: Inflater, to: number) {
    const { window, input, bit, end, at, length } = inflater
    const size = Math.min(Math.min(length, (end - bit) >> 3), to - at)
    window.blitAt(at, input, bit >> 3, size)
    inflater.at = at + size
    inflater.filled += size
    inflater.bit = bit + 8 * size
    inflater.length = length - size
    if (size === length) inflater.state = BLOCK
    else inflater.isHungry = inflater.bit === end
}

/** RFC 1951, 3.2.7. */
function readCodeLengths(inflater: Inflater) {
    const literalCount = 257 + bits(inflater, 5)
    const distanceCount = 1 + bits(inflater, 5)
    const count = 4 + bits(inflater, 4)
    const lengths = Buffer.alloc(19)
    const order = hex`10111200080709060a050b040c030d020e010f`
    for (let i = 0; i < count; ++i) lengths[order[i]] = bits(inflater, 3)
    if (inflater.bit > inflater.end) return
    if (literalCount > 286 || distanceCount > 30) throw wrong()
    inflater.isFixed = false
    if (buildTable(inflater.distances, lengths, undefined)) throw wrong()
    inflater.lengths = Buffer.alloc(literalCount + distanceCount)
    inflater.literalCount = literalCount
    inflater.count = 0
    inflater.work += TABLES_WORK
    inflater.state = LENGTHS
}

/** The codes of RFC 1951, 3.2.6. */
function readFixed(inflater: Inflater) {
    const lengths = Buffer.alloc(288 + 32)
    lengths.fillAt(0, 144, 8)
    lengths.fillAt(144, 112, 9)
    lengths.fillAt(256, 24, 7)
    lengths.fillAt(280, 8, 8)
    lengths.fillAt(288, 32, 5)
    inflater.lengths = lengths
    inflater.literalCount = 288
    startCodes(inflater)
    inflater.isFixed = true
}

/** Takes codes up to the end of the block. */
function readCodes(inflater: Inflater, to: number) {
    const { input, end, window, short, reversed } = inflater
    let { bit, at } = inflater
    while (at < to) {
        const word = input.getAt(bit >> 3, "i32") >> (bit & 7)
        const byte = reversed[word & 0xff]
        const size = short[byte]
        if (size && bit + size <= end) {
            window[at++] = short[SHORT_SYMBOLS + byte]
            bit += size
            continue
        }
        inflater.filled += at - inflater.at
        inflater.at = at
        inflater.bit = bit
        readCode(inflater)
        if (inflater.bit > end) {
            inflater.bit = bit
            inflater.isHungry = true
            return
        }
        if (inflater.state !== CODES) return
        bit = inflater.bit
        at = inflater.at
    }
    inflater.filled += at - inflater.at
    inflater.at = at
    inflater.bit = bit
}

/** The symbol of the next code; any when it is not there completely. */
function symbol(inflater: Inflater, table: Buffer): number {
    const { input, bit, end, reversed } = inflater
    const word = input.getAt(bit >> 3, "i32") >> (bit & 7)
    const code = (reversed[word & 0xff] << 8) | reversed[(word >> 8) & 0xff]
    let size = table[0]
    while (code > table.getAt(size << 1, "u16")) size++
    inflater.bit = bit + size
    if (inflater.bit > end) return 0
    if (size > MAX_SIZE) throw wrong()
    const offset = table.getAt(OFFSETS + (size << 2), "i32")
    return table.getAt(offset + ((code >> (16 - size)) << 1), "u16")
}

/** A byte, the end of the block, or a match, RFC 1951, 3.2.5. */
function readCode(inflater: Inflater) {
    const { window, end, literals, distances } = inflater
    const code = symbol(inflater, literals)
    if (inflater.bit > end) return
    if (code < END_OF_BLOCK) {
        window[inflater.at++] = code
        inflater.filled++
        return
    }
    if (code === END_OF_BLOCK) {
        inflater.state = BLOCK
        // RFC 7692, 7.2.3.4: what follows starts with a byte.
        if (inflater.isFinal) align(inflater)
        return
    }
    const length = readLength(inflater, code - 257)
    const distance = readDistance(inflater, symbol(inflater, distances))
    if (inflater.bit > end) return
    if (distance > inflater.filled || distance > window.length) throw wrong()
    inflater.length = length
    inflater.distance = distance
    copy(inflater)
}

function readLength(inflater: Inflater, code: number): number {
    if (code > 28) throw wrong()
    if (code === 28) return 258
    if (code < 8) return code + 3
    const extra = (code >> 2) - 1
    return ((4 + (code & 3)) << extra) + 3 + bits(inflater, extra)
}

function readDistance(inflater: Inflater, code: number): number {
    if (code > 29) throw wrong()
    if (code < 4) return code + 1
    const extra = (code >> 1) - 1
    return ((2 + (code & 1)) << extra) + 1 + bits(inflater, extra)
}

/** Copies what fits before the end of the ring. */
function copy(inflater: Inflater) {
    const { window } = inflater
    let { at, length } = inflater
    const start = at
    let from = at - inflater.distance
    if (from < 0) from += window.length
    while (length) {
        // Of a distance that is shorter than the length, each turn copies all that there is by then.
        let size = from < at ? at - from : window.length - from
        size = Math.min(Math.min(size, length), window.length - at)
        if (!size) break
        window.blitAt(at, window, from, size)
        if (from >= at) from = (from + size) % window.length
        at += size
        length -= size
    }
    inflater.at = at
    inflater.filled += at - start
    inflater.length = length
}

/** RFC 1951, 3.2.7. */
function readLengths(inflater: Inflater) {
    const { lengths, distances, end } = inflater
    while (inflater.count < lengths.length) {
        const { bit } = inflater
        let length = symbol(inflater, distances)
        let times = 1
        if (length > 15) {
            times = readRepeat(inflater, length)
            length = length === 16 ? lengths[inflater.count - 1] : 0
        }
        if (inflater.bit > end) {
            inflater.bit = bit
            inflater.isHungry = true
            return
        }
        if (inflater.count + times > lengths.length) throw wrong()
        lengths.fillAt(inflater.count, times, length)
        inflater.count += times
    }
    startCodes(inflater)
}

function readRepeat(inflater: Inflater, code: number): number {
    if (code === 18) return 11 + bits(inflater, 7)
    if (code === 17) return 3 + bits(inflater, 3)
    if (!inflater.count) throw wrong()
    return 3 + bits(inflater, 2)
}

function startCodes(inflater: Inflater) {
    const { literals, distances, short, lengths, literalCount } = inflater
    const ofLiterals = lengths.slice(0, literalCount)
    const ofDistances = lengths.slice(literalCount)
    short.fillAt(0, SHORT_SYMBOLS, 0)
    if (
        !lengths[END_OF_BLOCK] ||
        isWrong(buildTable(literals, ofLiterals, short), ofLiterals) ||
        isWrong(buildTable(distances, ofDistances, undefined), ofDistances)
    )
        throw wrong()
    inflater.lengths = undefined
    inflater.work += TABLES_WORK
    inflater.state = CODES
}

/** Whether a set of codes is impossible, or has gaps although some code is longer than a bit: as zlib has it. */
function isWrong(left: number, lengths: Buffer): boolean {
    if (left <= 0) return left < 0
    for (let i = 0; i < lengths.length; ++i) if (lengths[i] > 1) return true
    return false
}

function align(inflater: Inflater) {
    inflater.bit = (inflater.bit + 7) & ~7
}

function wrong(): ProtocolError {
    return new ProtocolError("compressed data", CLOSE_INVALID_PAYLOAD)
}
