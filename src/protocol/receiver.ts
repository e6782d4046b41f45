import {
    CLOSE_INVALID_PAYLOAD,
    CLOSE_NO_STATUS,
    CLOSE_POLICY_VIOLATION,
    CLOSE_TOO_BIG,
    FIN,
    isCloseCode,
    MASK,
    MAX_CONTROL,
    OP_BINARY,
    OP_CONTINUATION,
    OP_PING,
    OP_PONG,
    OP_TEXT,
    ProtocolError,
    RSV,
} from "./codes"
import { Message, Slice } from "./message"
import { accept, decode, REPLACEMENT, Utf8 } from "./utf8"

/** What has arrived. */
export enum Event {
    /** Nothing more: feed further bytes. */
    None,
    /** A message, or a slice of one: `item`. */
    Data,
    /** A piece of a message that goes on. */
    Part,
    /** A control frame: `payload`. */
    Ping,
    Pong,
    /** The peer's Close frame: `closeCode`, `closeReason`. */
    Close,
}

/** Most bytes of a message that are taken at a time: a TCP segment on Ethernet. */
export const MAX_SLICE = 1460

/** The first buffer of a message that comes in slices. */
const MIN_PART = 128

export interface ReceiverOptions {
    /** Largest message in bytes; without it any. */
    maxMessage?: number
    /** Most fragments of a message; without it any. */
    maxFragments?: number
    /** Give slices, not messages. */
    slices?: boolean
}

/**
 * Turns the server's bytes into events, RFC 6455, 5. A cursor: `poll` moves to the next event, and the fields describe it
 * until the next call. Memory for a frame is taken when its first bytes are here and its length is found to be within the limits.
 *
 * In this VM a method call costs five times a function call, and a field five times a local variable: hence the long
 * `poll`, and the locals.
 */
export class Receiver {
    item: Message | Slice
    payload: Buffer
    /** The peer's close code and reason. */
    closeCode: number
    closeReason = ""

    protected chunk: Buffer
    protected at = 0
    private readonly head = Buffer.alloc(10)
    private headLength = 0
    private headSize = 2
    /** Payload bytes of the current frame to come; -1: its header is not complete. */
    protected remaining = -1
    protected fin: boolean
    protected opcode: number
    /** The message whose last fragment has not come. */
    protected inMessage = false
    private first: boolean
    private isText: boolean
    protected size: number
    private fragments: number
    /** A message that comes in several slices, filled so far. */
    private part: Buffer
    private filled: number
    private utf8: Utf8
    private readonly slices: boolean
    protected readonly maxMessage: number
    private readonly maxFragments: number

    constructor(limits: ReceiverOptions) {
        this.slices = limits.slices
        this.maxMessage = limits.maxMessage || Infinity
        this.maxFragments = limits.maxFragments || Infinity
    }

    /** Hands over the next bytes, from an index on; only when `poll` has returned None. */
    feed(chunk: Buffer, from: number) {
        this.chunk = chunk
        this.at = from
    }

    /** The next event. @throws ProtocolError */
    poll(): Event {
        const chunk = this.chunk
        if (!chunk) return Event.None
        const at = this.at
        if (!this.inMessage && this.remaining < 0 && !this.headLength) {
            // A whole short message at hand, the usual case, at a third of the cost.
            const opcode = chunk[at] - FIN
            const size = chunk[at + 1]
            const end = at + 2 + size
            if (
                (opcode === OP_TEXT || opcode === OP_BINARY) &&
                size < 126 &&
                size <= this.maxMessage &&
                end <= chunk.length
            ) {
                const data = Buffer.alloc(size)
                data.blitAt(0, chunk, at + 2, size)
                this.at = end
                const message = shortMessage(data, opcode === OP_TEXT)
                this.item = this.slices
                    ? new Slice(data, message.isText, true, true, true)
                    : message
                return Event.Data
            }
        }
        return this.pollFrame()
    }

    private pollFrame(): Event {
        if (this.remaining >= 0 || this.header()) {
            if (this.opcode & 8) {
                if (this.fillControl()) return this.controlEvent()
            } else if (this.remaining === 0 || this.at < this.chunk.length)
                return this.slice() ? Event.Data : Event.Part
        }
        this.chunk = undefined
        return Event.None
    }

    /** Collects a header, RFC 6455, 5.2. @returns false when more bytes are needed */
    private header(): boolean {
        const { chunk, head } = this
        let at = this.at
        let length = this.headLength
        let size = this.headSize
        while (length < size) {
            if (at >= chunk.length) {
                this.at = at
                this.headLength = length
                this.headSize = size
                return false
            }
            const byte = chunk[at++]
            head[length++] = byte
            if (length === 1) checkFirst(byte, this.inMessage)
            else if (length === 2) size = headSize(byte)
        }
        this.at = at
        this.headLength = 0
        this.headSize = 2
        this.opcode = head[0] & 0xf
        this.fin = head[0] >= FIN
        const payload = payloadLength(head)
        this.remaining = payload
        if (!(this.opcode & 8)) this.startFrame(payload)
        else if (payload > MAX_CONTROL)
            throw new ProtocolError(`control frame with ${payload} bytes`)
        else this.payload = Buffer.alloc(payload)
        return true
    }

    /** Checks a data frame against the limits before anything of it is taken. */
    protected startFrame(payload: number) {
        const { maxMessage, maxFragments } = this
        if (!this.inMessage) {
            this.inMessage = true
            this.first = true
            this.isText = this.opcode === OP_TEXT
            this.size = 0
            this.fragments = 0
            // The message before is not to be kept beside this one.
            this.item = undefined
            if (!this.utf8) this.utf8 = new Utf8()
        }
        this.size += payload
        this.fragments++
        if (this.size > maxMessage)
            throw new ProtocolError(
                `message of ${this.size} bytes, at most ${maxMessage} allowed`,
                CLOSE_TOO_BIG
            )
        if (this.fragments > maxFragments)
            throw new ProtocolError(
                `message with more than ${maxFragments} fragments`,
                CLOSE_POLICY_VIOLATION
            )
    }

    /** Takes the next slice of a data frame. @returns whether it makes an event */
    protected slice(): boolean {
        const { chunk, at, isText, first } = this
        let size = Math.min(this.remaining, MAX_SLICE)
        size = Math.min(size, chunk.length - at)
        const data = size === chunk.length ? chunk : cut(chunk, at, size)
        this.at = at + size
        const remaining = this.remaining - size
        const frameEnd = remaining === 0
        const last = frameEnd && this.fin
        this.remaining = frameEnd ? -1 : remaining
        this.first = false
        this.inMessage = !last
        if (isText && (!accept(this.utf8, data) || (last && this.utf8.rest)))
            throw notUtf8("text")
        if (this.slices) {
            this.item = new Slice(data, isText, first, last, frameEnd)
            return true
        }
        let whole = data
        if (!first || !last) {
            this.collect(data, remaining)
            if (!last) return false
            whole = this.part
            if (this.filled < whole.length) whole = cut(whole, 0, this.filled)
            this.part = undefined
        }
        this.item = new Message(whole, isText, undefined)
        return true
    }

    /**
     * Adds a slice to the message. They go into one buffer, which grows to twice what has come, never beyond what may come:
     * slices that are kept to be joined in the end tear the heap, which nothing mends.
     * @param remaining bytes of the frame that are still to come
     */
    private collect(data: Buffer, remaining: number) {
        let part = this.part
        const filled = part ? this.filled : 0
        const size = filled + data.length
        if (!part || size > part.length) {
            const most = this.fin ? size + remaining : this.maxMessage
            let room = Math.max(2 * size, MIN_PART)
            if (room > most) room = most
            const grown = Buffer.alloc(room)
            if (part) grown.blitAt(0, part, 0, filled)
            part = grown
        }
        part.blitAt(filled, data, 0, data.length)
        this.filled = size
        this.part = part
    }

    /** @returns false when more bytes are needed */
    private fillControl(): boolean {
        const { chunk, at, payload, remaining } = this
        const size = Math.min(remaining, chunk.length - at)
        payload.blitAt(payload.length - remaining, chunk, at, size)
        this.at = at + size
        this.remaining = remaining - size
        return size === remaining
    }

    private controlEvent(): Event {
        this.remaining = -1
        let event = Event.Close
        if (this.opcode === OP_PING) event = Event.Ping
        else if (this.opcode === OP_PONG) event = Event.Pong
        else this.parseClose(this.payload)
        this.control(event)
        return event
    }

    /** Acts on a control frame. */
    protected control(_event: Event) {}

    /** RFC 6455, 5.5.1. */
    private parseClose(body: Buffer) {
        this.closeCode = CLOSE_NO_STATUS
        if (body.length === 0) return
        const code = (body[0] << 8) | body[1]
        if (body.length === 1) throw new ProtocolError("Close frame of 1 byte")
        if (!isCloseCode(code))
            throw new ProtocolError(`Close frame with code ${code}`)
        const reason = decode(body.slice(2))
        if (reason === undefined) throw notUtf8("close reason")
        this.closeCode = code
        this.closeReason = reason
    }
}

function shortMessage(data: Buffer, isText: boolean): Message {
    let text: string
    if (isText) {
        // Beyond ASCII at its end, it could end inside a character.
        if (data[data.length - 1] < 0x80 || !data.length) text = data.toString()
        if (text === undefined || text.indexOf(REPLACEMENT) >= 0) {
            text = decode(data)
            if (text === undefined) throw notUtf8("text")
        }
    }
    return new Message(data, isText, text)
}

function notUtf8(what: string): ProtocolError {
    return new ProtocolError(`${what} that is not UTF-8`, CLOSE_INVALID_PAYLOAD)
}

function cut(chunk: Buffer, at: number, size: number): Buffer {
    const data = Buffer.alloc(size)
    data.blitAt(0, chunk, at, size)
    return data
}

/** A frame's first byte, RFC 6455, 5.2 and 5.4. */
function checkFirst(byte: number, inMessage: boolean) {
    const opcode = byte & 0xf
    if (byte & RSV)
        throw new ProtocolError("reserved bits set without an extension")
    if (opcode & 8 ? opcode > OP_PONG : opcode > OP_BINARY)
        throw new ProtocolError(`reserved opcode ${opcode}`)
    if (opcode & 8) {
        if (byte < FIN) throw new ProtocolError("fragmented control frame")
    } else if (inMessage !== (opcode === OP_CONTINUATION))
        throw new ProtocolError(
            inMessage
                ? "new message inside a fragmented one"
                : "continuation without a message"
        )
}

/** Size of a header by its second byte, RFC 6455, 5.2. */
function headSize(byte: number): number {
    if (byte & MASK) throw new ProtocolError("masked frame from the server")
    return byte < 126 ? 2 : byte === 126 ? 4 : 10
}

/** Payload length in its shortest form, RFC 6455, 5.2. */
function payloadLength(head: Buffer): number {
    const short = head[1]
    if (short < 126) return short
    const low = (head[2] << 8) | head[3]
    if (short === 126) {
        if (low < 126) throw new ProtocolError(`length ${low} in 16 bits`)
        return low
    }
    const high = low * 0x10000 + ((head[4] << 8) | head[5])
    const length =
        high * 0x100000000 +
        (head[6] * 0x1000000 + ((head[7] << 16) | (head[8] << 8) | head[9]))
    if (high >= 0x80000000)
        throw new ProtocolError("length with the top bit set")
    if (length < 0x10000) throw new ProtocolError(`length ${length} in 64 bits`)
    // Beyond 2^53 numbers are not exact; nobody waits for such a frame.
    if (high >= 0x200000)
        throw new ProtocolError(`frame of ${length} bytes`, CLOSE_TOO_BIG)
    return length
}
