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
import { Utf8 } from "./utf8"

/** What has arrived. */
export enum Event {
    /** Nothing more: feed further bytes. */
    None,
    /** The handshake is done. */
    Open,
    /** A slice of a text or binary message. */
    Data,
    Ping,
    Pong,
    Close,
}

/** Most bytes of a message that are handed out at a time: a TCP segment on Ethernet. */
export const MAX_SLICE = 1460

export interface ReceiverOptions {
    /** Largest message in bytes; without it any. */
    maxMessage?: number
    /** Most fragments of a message; without it any. */
    maxFragments?: number
}

/**
 * Turns the server's bytes into events, RFC 6455, 5. A cursor: `poll` moves to the next event, the fields describe it
 * until the next call. Holds no more than one slice, or one control frame, whatever lengths the server announces.
 */
export class Receiver {
    /** Payload of the event: a slice of the message, or all of a Ping or Pong. */
    data: Buffer
    /** The slice as a string, when it is text that starts and ends between characters. */
    text: string
    /** Text or binary. */
    isText = false
    /** The slice starts a message. */
    first = false
    /** The slice ends a message. */
    last = false
    /** The slice ends a frame. */
    frameEnd = false
    /** Code and reason of the Close frame. */
    closeCode = CLOSE_NO_STATUS
    closeReason = ""

    private chunk: Buffer
    private at = 0
    private readonly head = Buffer.alloc(10)
    private headLength = 0
    private headSize = 2
    /** Payload bytes of the current frame to come; -1: its header is not complete. */
    private remaining = -1
    private fin = false
    /** A control frame's payload; undefined in a data frame. */
    private control: Buffer
    private opcode = 0
    /** In a message whose last fragment has not come. */
    private inMessage = false
    private starting = false
    private messageSize = 0
    private fragments = 0
    private utf8 = new Utf8()

    constructor(private readonly options: ReceiverOptions) {}

    /** Hands over the next bytes; only when `poll` has returned None. */
    feed(chunk: Buffer, from: number) {
        this.chunk = chunk
        this.at = from
    }

    /** The next event. @throws ProtocolError */
    poll(): Event {
        const chunk = this.chunk
        if (!chunk) return Event.None
        if (this.shortMessage(chunk)) return Event.Data
        if (this.remaining >= 0 || this.header()) {
            if (this.control) {
                if (this.fillControl()) return this.controlEvent()
            } else if (!this.remaining || this.at < chunk.length) {
                this.slice()
                return Event.Data
            }
        }
        this.chunk = undefined
        return Event.None
    }

    /** Takes a whole message of less than 126 bytes that is at hand: the usual case, at a third of the cost. */
    private shortMessage(chunk: Buffer): boolean {
        if (this.remaining >= 0 || this.headLength || this.inMessage)
            return false
        const at = this.at
        const opcode = chunk[at] - FIN
        const size = chunk[at + 1]
        const end = at + 2 + size
        if (
            (opcode !== OP_TEXT && opcode !== OP_BINARY) ||
            !(size < 126 && end <= chunk.length) ||
            size > this.options.maxMessage
        )
            return false
        const data = Buffer.alloc(size)
        data.blitAt(0, chunk, at + 2, size)
        this.data = data
        this.at = end
        this.isText = opcode === OP_TEXT
        this.first = true
        this.last = true
        this.frameEnd = true
        if (this.isText) this.checkText()
        return true
    }

    /** Collects a header, RFC 6455, 5.2. @returns false when more bytes are needed */
    private header(): boolean {
        const { chunk, head } = this
        let at = this.at
        let length = this.headLength
        while (length < this.headSize) {
            if (at >= chunk.length) {
                this.at = at
                this.headLength = length
                return false
            }
            const byte = chunk[at++]
            head[length++] = byte
            if (length === 2) this.headSize = headSize(byte)
            else if (length === 1) this.firstByte(byte)
        }
        this.at = at
        this.headLength = 0
        this.headSize = 2
        this.remaining = payloadLength(head)
        if (this.opcode & 8) {
            if (this.remaining > MAX_CONTROL)
                throw new ProtocolError(
                    `control frame with ${this.remaining} bytes`
                )
            this.control = Buffer.alloc(this.remaining)
        } else this.startFrame()
        return true
    }

    private firstByte(byte: number) {
        const opcode = byte & 0xf
        this.opcode = opcode
        this.fin = (byte & FIN) !== 0
        if (byte & RSV)
            throw new ProtocolError("reserved bits set without an extension")
        if (opcode & 8) {
            if (opcode > OP_PONG)
                throw new ProtocolError(`reserved opcode ${opcode}`)
            if (!this.fin) throw new ProtocolError("fragmented control frame")
        } else {
            if (opcode > 2) throw new ProtocolError(`reserved opcode ${opcode}`)
            if (this.inMessage && opcode !== OP_CONTINUATION)
                throw new ProtocolError("new message inside a fragmented one")
            if (!this.inMessage && opcode === OP_CONTINUATION)
                throw new ProtocolError("continuation without a message")
        }
    }

    /** Checks a data frame against the limits before anything of it is taken. */
    private startFrame() {
        const { maxMessage, maxFragments } = this.options
        if (!this.inMessage) {
            this.inMessage = true
            this.starting = true
            this.isText = this.opcode === OP_TEXT
            this.messageSize = 0
            this.fragments = 0
        }
        this.messageSize += this.remaining
        this.fragments++
        if (this.messageSize > maxMessage)
            throw new ProtocolError(
                `message of ${this.messageSize} bytes, at most ${maxMessage} allowed`,
                CLOSE_TOO_BIG
            )
        if (this.fragments > maxFragments)
            throw new ProtocolError(
                `message with more than ${maxFragments} fragments`,
                CLOSE_POLICY_VIOLATION
            )
    }

    /** Moves to the next slice of a data frame. */
    private slice() {
        const { chunk, at } = this
        const size = Math.min(
            Math.min(this.remaining, MAX_SLICE),
            chunk.length - at
        )
        if (size === chunk.length) this.data = chunk
        else {
            this.data = Buffer.alloc(size)
            this.data.blitAt(0, chunk, at, size)
        }
        this.at = at + size
        this.remaining -= size
        this.first = this.starting
        this.starting = false
        this.frameEnd = this.remaining === 0
        this.last = this.frameEnd && this.fin
        if (this.isText) this.checkText()
        if (this.frameEnd) this.remaining = -1
        if (this.last) this.inMessage = false
    }

    private checkText() {
        const utf8 = this.utf8
        if (!utf8.accept(this.data) || (this.last && utf8.needed))
            throw new ProtocolError(
                "text that is not UTF-8",
                CLOSE_INVALID_PAYLOAD
            )
        this.text = utf8.text
    }

    /** @returns false when more bytes are needed */
    private fillControl(): boolean {
        const { chunk, at, control } = this
        const size = Math.min(this.remaining, chunk.length - at)
        control.blitAt(control.length - this.remaining, chunk, at, size)
        this.at = at + size
        this.remaining -= size
        return this.remaining === 0
    }

    private controlEvent(): Event {
        this.data = this.control
        this.control = undefined
        this.remaining = -1
        if (this.opcode === OP_PING) return Event.Ping
        if (this.opcode === OP_PONG) return Event.Pong
        this.parseClose()
        return Event.Close
    }

    /** RFC 6455, 5.5.1. */
    private parseClose() {
        const body = this.data
        if (body.length === 0) return
        const code = (body[0] << 8) | body[1]
        if (body.length === 1 || !isCloseCode(code))
            throw new ProtocolError(
                body.length === 1
                    ? "Close frame with 1 byte"
                    : `Close frame with code ${code}`
            )
        const reason = body.slice(2)
        const utf8 = new Utf8()
        if (!utf8.accept(reason) || utf8.needed)
            throw new ProtocolError(
                "close reason that is not UTF-8",
                CLOSE_INVALID_PAYLOAD
            )
        this.closeCode = code
        this.closeReason = utf8.text
    }
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
    const length = high * 0x100000000 + word(head, 6)
    if (high >= 0x80000000)
        throw new ProtocolError("length with the top bit set")
    if (length < 0x10000) throw new ProtocolError(`length ${length} in 64 bits`)
    // Beyond 2^53 numbers are not exact; nobody waits for such a frame.
    if (high >= 0x200000)
        throw new ProtocolError(`frame of ${length} bytes`, CLOSE_TOO_BIG)
    return length
}

function word(data: Buffer, at: number): number {
    return (
        data[at] * 0x1000000 +
        ((data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3])
    )
}
