import { sleep } from "../fiber/clock"
import { timeLeft } from "../fiber/deadline"
import { Stream } from "../net/stream"
import {
    CLOSE_INVALID_PAYLOAD,
    CLOSE_POLICY_VIOLATION,
    CLOSE_TOO_BIG,
    FIN,
    OP_TEXT,
    ProtocolError,
} from "../protocol/codes"
import { headerSize, MAX_HEADER, payloadLength } from "../protocol/frame"
import { Extension } from "../protocol/handshake-value"
import { accept, Utf8 } from "../protocol/utf8"

/** Most bytes of a message that are taken at a time: a TCP segment on Ethernet. */
const MAX_PIECE = 1460

/**
 * Work after which the fiber gives way, far from the VM's limit of steps without a pause. What a read has of a frame counts 1;
 * the check of 32 bytes of text can cost as much.
 */
const WORK_A_TURN = 64

/**
 * What comes from the server: bytes in, pieces of messages and control frames out, RFC 6455, 5. Its fields say what `next` has
 * just returned, and where it goes on; in this VM a field costs less than a method.
 */
export class Input {
    /** Opcode of the frame: with bit 8 a control frame, else a piece of a message. */
    opcode: number
    /** The message is a text. */
    isText: boolean
    /** With this piece the message begins, the frame ends, the message ends. */
    isFirst: boolean
    isFrameEnd: boolean
    isLast = true
    /** Checks a text, and has this piece as a string if it needs no other one. */
    readonly utf8 = new Utf8()
    /** Payload bytes of the frame that are still to come. */
    remaining = 0
    /** The frame is the last one of its message. */
    isFin: boolean
    /** Grows with every read: a sign of life. */
    reads = 0

    /** The next byte of `chunk`. */
    at = 0
    /** The beginning of a header, or of the payload of a control frame. */
    rest: Buffer
    inFrame = false
    /** Bytes and frames of the message so far. */
    size: number
    fragments: number
    /** The message is one of the extension's, which may have more of what it was given. */
    isCoded: boolean
    isPending: boolean
    /** Since the fiber gave way. */
    work = 0

    /**
     * @param chunk what has been read already, if anything
     * @param maxMessage in bytes
     * @param maxFragments frames of a message
     */
    constructor(
        readonly stream: Stream,
        public chunk: Buffer,
        public maxMessage: number,
        public maxFragments: number,
        readonly extension: Extension
    ) {}
}

/**
 * The next piece of a message, or the payload of a control frame.
 * @returns `undefined` at the deadline, `null` at the end of the stream
 * @throws ProtocolError, StreamError
 */
export async function next(input: Input, deadline: number): Promise<Buffer> {
    for (;;) {
        if (++input.work > WORK_A_TURN) {
            input.work = 0
            await sleep(0)
        }
        if (input.isPending) return decoded(input, undefined)
        if (!input.chunk) {
            const chunk = await input.stream.recv(timeLeft(deadline))
            if (!chunk) return chunk
            input.chunk = chunk
            input.at = 0
            input.reads++
        }
        if (!input.inFrame && !readHeader(input)) continue
        if (!input.chunk && input.remaining !== 0) continue
        const data = take(input)
        const isFrameEnd = input.remaining === 0
        input.inFrame = !isFrameEnd
        if (!(input.opcode & 8)) {
            input.isFrameEnd = isFrameEnd
            return input.isCoded
                ? decoded(input, data)
                : piece(input, data, isFrameEnd && input.isFin)
        }
        const { rest } = input
        const payload = rest ? rest.concat(data) : data
        input.rest = isFrameEnd ? undefined : payload
        if (isFrameEnd) return payload
    }
}

/** Reads a header. @returns false when more bytes are needed */
function readHeader(input: Input): boolean {
    const { chunk, rest, extension } = input
    let header = chunk
    let from = input.at
    if (rest) {
        header = rest.concat(chunk.slice(0, Math.min(MAX_HEADER, chunk.length)))
        from = 0
    }
    const rsv = extension ? extension.rsv : 0
    const size = headerSize(header, from, !input.isLast, rsv)
    if (from + size > header.length) {
        input.rest = rest ? header : chunk.slice(from)
        input.chunk = undefined
        return false
    }
    skip(input, rest ? size - rest.length : size)
    input.rest = undefined
    input.inFrame = true
    startFrame(input, header[from], payloadLength(header, from))
    return true
}

/** Checks a data frame against the limits before anything of it is taken. */
function startFrame(input: Input, head: number, length: number) {
    const opcode = head & 0xf
    input.opcode = opcode
    input.remaining = length
    if (opcode & 8) return
    input.isFin = head >= FIN
    if (opcode) {
        input.isText = opcode === OP_TEXT
        input.isCoded = (head & ~FIN) !== opcode
        input.size = 0
        input.fragments = 0
    }
    if (input.size + length > input.maxMessage) throw tooBig()
    if (++input.fragments > input.maxFragments)
        throw new ProtocolError("too many fragments", CLOSE_POLICY_VIOLATION)
}

function skip(input: Input, count: number) {
    input.at += count
    if (input.at === input.chunk.length) input.chunk = undefined
}

/** Takes what is there of the payload. */
function take(input: Input): Buffer {
    const { chunk, at, remaining } = input
    if (remaining === 0) return Buffer.alloc(0)
    const size = Math.min(Math.min(remaining, MAX_PIECE), chunk.length - at)
    input.remaining = remaining - size
    skip(input, size)
    return size === chunk.length ? chunk : chunk.slice(at, at + size)
}

/** What the extension makes of a piece, or has more of the last one. */
function decoded(input: Input, data: Buffer): Buffer {
    const isLast = input.isFin && input.remaining === 0
    const out = input.extension.decode(data, isLast)
    input.isPending = out !== undefined
    // Without more of it, it is only now that the message ends.
    return piece(input, out || Buffer.alloc(0), isLast && !out)
}

function piece(input: Input, data: Buffer, isLast: boolean): Buffer {
    const { length } = data
    input.isFirst = input.isLast
    input.isLast = isLast
    if ((input.size += length) > input.maxMessage) throw tooBig()
    if (input.isText) {
        const { utf8 } = input
        input.work += length >> 5
        if (!accept(utf8, data) || (isLast && utf8.rest))
            throw new ProtocolError("not UTF-8", CLOSE_INVALID_PAYLOAD)
    }
    return data
}

function tooBig(): ProtocolError {
    return new ProtocolError("message too big", CLOSE_TOO_BIG)
}
