import {
    CLOSE_TOO_BIG,
    FIN,
    MASK,
    OP_BINARY,
    OP_PONG,
    ProtocolError,
    RSV,
} from "./codes"
import { mask } from "./mask"

/** Longest header of an unmasked frame in bytes, RFC 6455, 5.2. */
export const MAX_HEADER = 10

/**
 * Size of the header at `at`, by those of its first two bytes that are there.
 * @param inMessage a fragmented message is open
 * @param rsv reserved bits that the first frame of a message may have
 * @throws ProtocolError as soon as a byte is wrong
 */
export function headerSize(
    bytes: Buffer,
    at: number,
    inMessage: boolean,
    rsv: number
): number {
    const first = bytes[at]
    const second = bytes[at + 1]
    const opcode = first & 0xf
    let wrong: string
    if (opcode & 8) {
        if (second > 125) wrong = "long control frame"
        if (first < FIN) wrong = "fragmented control frame"
        if (opcode > OP_PONG) wrong = "opcode"
        rsv = 0
    } else {
        if (inMessage !== (opcode === 0)) wrong = "fragments out of order"
        if (opcode === 0) rsv = 0
        if (opcode > OP_BINARY) wrong = "opcode"
    }
    if (first & RSV & ~rsv) wrong = "reserved bits"
    if (second & MASK) wrong = "masked frame"
    if (wrong) throw new ProtocolError(wrong)
    return second === 126 ? 4 : second === 127 ? MAX_HEADER : 2
}

/**
 * Payload length in a complete header, RFC 6455, 5.2.
 * @throws ProtocolError when it is not in its shortest form, or so long that numbers are not exact
 */
export function payloadLength(
    header: Buffer,
    at: number,
    size: number
): number {
    if (size === 2) return header[at + 1]
    let length = 0
    for (let i = 2; i < size; ++i) length = length * 256 + header[at + i]
    if (length > 0x1fffffffffffff)
        if (header[at + 2] < 0x80)
            throw new ProtocolError("message too big", CLOSE_TOO_BIG)
        else length = 0
    if (length < (size === 4 ? 126 : 0x10000)) throw new ProtocolError("length")
    return length
}

/**
 * A masked frame, RFC 6455, 5.2, or the beginning of one.
 * @param head its first byte
 * @param length of its payload in bytes
 * @param size how many of them come along
 */
export function frame(
    head: number,
    length: number,
    data: Buffer | string,
    size: number,
    key: number
): Buffer {
    const start = length < 126 ? 6 : length < 0x10000 ? 8 : 14
    const out = masked(start, data, 0, size, key)
    out[0] = head
    out[1] = MASK | (start === 6 ? length : start === 8 ? 126 : 127)
    for (let i = start - 5; i > 1; --i) {
        out[i] = length % 256
        length = Math.floor(length / 256)
    }
    out.setAt(start - 4, "i32", key)
    return out
}

/** Masked payload behind `start` bytes for a header. */
export function masked(
    start: number,
    data: Buffer | string,
    from: number,
    size: number,
    key: number
): Buffer {
    const end = start + size
    const out = Buffer.alloc(end)
    out.blitAt(start, data, from, size)
    mask(out, start, end, key)
    return out
}
