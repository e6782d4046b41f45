import { sleep } from "../fiber/clock"
import { timeLeft } from "../fiber/deadline"
import { Stream } from "../net/stream"
import {
    CLOSE_POLICY_VIOLATION,
    CLOSE_TOO_BIG,
    FIN,
    OP_TEXT,
    ProtocolError,
    RSV,
} from "../protocol/codes"
import { notUtf8 } from "../protocol/close"
import { headerSize, MAX_HEADER, payloadLength } from "../protocol/frame"
import { Extension } from "../protocol/handshake-value"
import { join } from "../protocol/join"
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
 * just returned, and where it goes on; in this VM a method costs as much as five functions.
 */
export class Input {
    /** Opcode of the frame: with bit 8 a control frame, else a piece of a message. */
    opcode: number
    /** The message is a text. */
    isText: boolean
    /** With this piece the message begins, the frame ends, the message ends. */
    isFirst: boolean
    isFrameEnd = true
    isLast = true
    /** Checks a text, and has this piece as a string if it needs no other one. */
    readonly utf8 = new Utf8()
    /** Payload bytes of the frame that are still to come. */
    remaining: number
    /** The frame is the last one of its message. */
    isFin: boolean
    /** Grows with every read: a sign of life. */
    reads = 0

    /** The next byte of `chunk`. */
    at = 0
    /** The beginning of a header, or of the payload of a control frame. */
    rest: Buffer
    /** Bytes and frames of the message so far. */
    size: number
    fragments: number
    /** The message is one of the extension's, which may have more of what it was given. */
    isCoded: boolean
    isPending: boolean
    /** Since the fiber gave way. */
    work = 0

    /**
     * @param chunk what has been read already
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

const NOTHING = Buffer.alloc(0)

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
        if (input.isPending) return await decoded(input, undefined)
        if (input.at === input.chunk.length) {
            // Not to be kept while waiting.
            input.chunk = NOTHING
            input.at = 0
            const chunk = await input.stream.recv(timeLeft(deadline))
            if (!chunk) return chunk
            input.chunk = chunk
            input.reads++
        }
        if (input.isFrameEnd) if (!readHeader(input)) continue
        let data = take(input)
        const isFrameEnd = input.remaining === 0
        input.isFrameEnd = isFrameEnd
        if (!(input.opcode & 8)) {
            if (input.isCoded) return await decoded(input, data)
            return piece(input, data, isFrameEnd ? input.isFin : false)
        }
        if (input.rest) data = join(input.rest, data)
        input.rest = isFrameEnd ? undefined : data
        if (isFrameEnd) return data
    }
}

/** Reads a header. @returns whether the payload is at hand; false when more bytes are needed */
function readHeader(input: Input): boolean {
    const { chunk, at, rest, extension } = input
    let header = chunk
    let from = at
    if (rest) {
        // Of the chunk only what a header takes.
        const size = Math.min(MAX_HEADER, chunk.length)
        header = join(rest, chunk.slice(0, size))
        from = 0
    }
    const size = headerSize(
        header,
        from,
        !input.isLast,
        extension ? extension.rsv : 0
    )
    if (from + size > header.length) {
        input.rest = rest ? header : chunk.slice(at)
        input.at = chunk.length
        return false
    }
    input.at = at + size - (rest ? rest.length : 0)
    input.rest = undefined
    const head = header[from]
    const length = payloadLength(header, from, size)
    const opcode = head & 0xf
    input.opcode = opcode
    input.remaining = length
    if (!(opcode & 8)) {
        input.isFin = head >= FIN
        if (opcode) {
            input.isText = opcode === OP_TEXT
            input.isCoded = (head & RSV) > 0
            input.size = 0
            input.fragments = 0
        }
        // Before anything of it is taken. What an extension makes of it counts piece by piece.
        const most = input.isCoded ? 2 * input.maxMessage : input.maxMessage
        if (input.size + length > most) throw tooBig()
        if (++input.fragments > input.maxFragments)
            throw new ProtocolError("fragments", CLOSE_POLICY_VIOLATION)
    }
    input.isFrameEnd = false
    return length === 0
}

/** What is there of the payload. */
function take(input: Input): Buffer {
    const { chunk, at, remaining } = input
    let size = Math.min(remaining, MAX_PIECE)
    size = Math.min(size, chunk.length - at)
    input.remaining = remaining - size
    input.at = at + size
    return size === chunk.length ? chunk : chunk.slice(at, at + size)
}

/** What the extension makes of a piece, or has more of the last one. */
async function decoded(input: Input, data: Buffer): Promise<Buffer> {
    const { extension } = input
    const isLast = input.isFin && input.remaining === 0
    data = await extension.decode(data, isLast)
    input.isPending = extension.hasMore
    return piece(input, data, isLast && !extension.hasMore)
}

function piece(input: Input, data: Buffer, isLast: boolean): Buffer {
    const { length } = data
    input.isFirst = input.isLast
    input.isLast = isLast
    if ((input.size += length) > input.maxMessage) throw tooBig()
    if (input.isText) {
        const { utf8 } = input
        input.work += length >> 5
        if (!accept(utf8, data) || (isLast && utf8.rest)) throw notUtf8()
    }
    return data
}

function tooBig(): ProtocolError {
    return new ProtocolError("message too big", CLOSE_TOO_BIG)
}
