import {
    CLOSE_TOO_BIG,
    FIN,
    MASK,
    OP_BINARY,
    OP_CONTINUATION,
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
    const opcode = first & 0xf
    if (opcode > OP_BINARY || !opcode) rsv = 0
    if (first & RSV & ~rsv) throw new ProtocolError("reserved bits")
    if (opcode & 8) {
        if (opcode > OP_PONG) throw new ProtocolError("opcode")
        if (first < FIN) throw new ProtocolError("fragmented control frame")
    } else if (opcode > OP_BINARY) throw new ProtocolError("opcode")
    else if (inMessage !== (opcode === OP_CONTINUATION))
        throw new ProtocolError("fragments out of order")
    const second = bytes[at + 1]
    if (second === undefined) return 2
    if (second & MASK) throw new ProtocolError("masked frame")
    if (opcode & 8 && second > 125)
        throw new ProtocolError("long control frame")
    return second < 126 ? 2 : second === 126 ? 4 : MAX_HEADER
}

/**
 * Payload length in a complete header, RFC 6455, 5.2.
 * @throws ProtocolError when it is not in its shortest form, or beyond 2^53
 */
export function payloadLength(header: Buffer, at: number): number {
    const short = header[at + 1]
    if (short < 126) return short
    const size = short === 126 ? 4 : MAX_HEADER
    let length = 0
    for (let i = 2; i < size; ++i) length = length * 256 + header[at + i]
    if (header[at + 2] & 0x80 && size > 4) throw new ProtocolError("length")
    if (length < (size === 4 ? 126 : 0x10000)) throw new ProtocolError("length")
    // Beyond 2^53 numbers are not exact; nobody waits for such a frame.
    if (length >= 0x20000000000000)
        throw new ProtocolError("message too big", CLOSE_TOO_BIG)
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
    if (start === 6) out[1] = MASK | length
    else {
        out[1] = MASK | (start === 8 ? 126 : 127)
        for (let i = start - 5; i > 1; --i) {
            out[i] = length % 256
            length = Math.floor(length / 256)
        }
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
