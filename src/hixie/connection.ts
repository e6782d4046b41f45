import { sleep } from "../fiber/clock"
import { deadlineIn, timeLeft, waitUntil } from "../fiber/deadline"
import { acquire, Lock, release } from "../fiber/lock"
import { notify, Signal } from "../fiber/signal"
import { Stream, StreamError } from "../net/stream"
import { notUtf8 } from "../protocol/close"
import {
    CLOSE_ABNORMAL,
    CLOSE_NO_STATUS,
    CLOSE_TOO_BIG,
    ProtocolError,
} from "../protocol/codes"
import { Message } from "../protocol/message"
import { decode } from "../protocol/utf8"
import { Connection, End } from "../websocket/connection"

/** First byte of a text frame. */
const TEXT = 0x00

/** Ends a text frame; as a first byte with the length 0 it is the closing frame of draft-hixie-76. */
const END = 0xff

/** Bit of a first byte: a length follows, in digits of 7 bits whose top bit says that there is another. */
const HAS_LENGTH = 0x80

/** Most digits of a length: beyond them numbers are not exact. */
const MAX_DIGITS = 7

/** Largest message by default. */
const MAX_MESSAGE = 4096

/** The first buffer of a message. */
const MIN_BUFFER = 128

/** Frames, or parts of frames, after which a fiber gives way. */
const WORK_A_TURN = 64

export interface HixieConnectionOptions {
    /** Largest message in bytes; a longer one ends the connection. Default 4,096. */
    maxMessage?: number
    /** Milliseconds to wait for the server's closing frame. Default 5,000. */
    closeTimeout?: number
}

/** What comes next from the server. */
enum Expect {
    /** The first byte of a frame. */
    Type,
    /** Text up to 0xFF. */
    Text,
    /** Up to 0xFF, of a type that nobody knows. */
    Unknown,
    /** A digit of a length. */
    Length,
    /** So many bytes that nobody knows. */
    Skip,
}

/**
 * A WebSocket of draft-hixie-75 or -76: frames of text from 0x00 to 0xFF. What is of another type is skipped, as the drafts want
 * it (4.2).
 * @devsWhenUsed
 */
export class HixieConnection implements Connection {
    end: End

    private expect = Expect.Type
    private at = 0
    private type: number
    private digits: number
    /** Bytes to skip. */
    private remaining: number
    /** The text so far. */
    private text = Buffer.alloc(MIN_BUFFER)
    private size: number
    /** Since the fiber gave way. */
    private work = 0
    private isReading: boolean
    /** Nothing more is sent but the closing frame. */
    private isClosing: boolean
    /** The closing frame is out, if there is one. */
    private isClosed: boolean
    /** What broke the link when something was sent. */
    private error: Error
    private readonly turn = new Lock()
    private readonly changed = new Signal()

    /**
     * @param chunk what came behind the handshake
     * @param hasClose there is a closing frame: draft-hixie-76
     */
    constructor(
        private readonly stream: Stream,
        private chunk: Buffer,
        readonly protocol: string,
        private readonly options: HixieConnectionOptions,
        private readonly hasClose: boolean
    ) {}

    async recv(timeout?: number): Promise<Message> {
        const deadline = deadlineIn(timeout)
        while (this.isReading)
            if (!(await waitUntil(this.changed, deadline))) return undefined
        this.isReading = true
        const message = await this.read(deadline)
        this.isReading = false
        notify(this.changed)
        const { end } = this
        if (!message && end && end.error) throw end.error
        return message
    }

    /** @throws RangeError for a binary message, and for a text with a byte 0xFF: the drafts do not have them */
    async send(data: string | Buffer | Message) {
        if (data instanceof Message && data.isText) {
            if (data.data.indexOf(END) >= 0)
                throw new RangeError("text with a byte 0xff: expected UTF-8")
        } else if (typeof data !== "string")
            throw data instanceof Buffer || data instanceof Message
                ? new RangeError("draft-hixie has no binary messages")
                : new TypeError(`send: ${data}`)
        const text = typeof data === "string" ? data : data.data
        const size = typeof text === "string" ? text.byteLength : text.length
        const frame = Buffer.alloc(size + 2)
        frame.blitAt(1, text, 0, size)
        frame[size + 1] = END
        await acquire(this.turn)
        try {
            if (this.end || this.isClosing)
                throw this.error || new StreamError("closed")
            await this.write(frame)
        } finally {
            release(this.turn)
        }
    }

    /** @throws RangeError for a code or a reason: the drafts do not have them */
    async close(code?: number, reason?: string) {
        if (code !== undefined || reason)
            throw new RangeError("draft-hixie has no close codes and reasons")
        const deadline = this.closeDeadline()
        await this.conclude()
        if (!this.hasClose) await this.finish(CLOSE_ABNORMAL)
        while (!this.end) {
            if (timeLeft(deadline) === 0) await this.finish(CLOSE_ABNORMAL)
            else if (this.isReading) await waitUntil(this.changed, deadline)
            else
                try {
                    await this.recv(timeLeft(deadline))
                } catch {
                    // `end` tells.
                }
        }
    }

    /** The next message. @returns `undefined` at the deadline, `null` at the end */
    private async read(deadline: number): Promise<Message> {
        try {
            while (!this.end) {
                if (++this.work > WORK_A_TURN) {
                    this.work = 0
                    await sleep(0)
                }
                if (this.at === this.chunk.length) {
                    const chunk = await this.stream.recv(timeLeft(deadline))
                    if (chunk === undefined) return undefined
                    if (chunk === null) {
                        await this.finish(CLOSE_ABNORMAL, this.error)
                        break
                    }
                    this.chunk = chunk
                    this.at = 0
                }
                const message = await this.step()
                if (message) return message
            }
        } catch (e: any) {
            if (e instanceof ProtocolError) await this.conclude()
            await this.finish(
                e instanceof ProtocolError ? e.code : CLOSE_ABNORMAL,
                e
            )
        }
        return null
    }

    /** Takes what is next of the chunk. @returns a message when one is complete */
    private async step(): Promise<Message> {
        const { chunk, at } = this
        if (this.expect === Expect.Type) this.begin(chunk[this.at++])
        else if (this.expect === Expect.Length) await this.length()
        else if (this.expect === Expect.Skip) {
            const size = Math.min(this.remaining, chunk.length - at)
            this.at += size
            this.remaining -= size
            if (this.remaining === 0) this.expect = Expect.Type
        } else {
            const end = chunk.indexOf(END, at)
            const to = end < 0 ? chunk.length : end
            if (this.expect === Expect.Text) this.collect(at, to)
            this.at = end < 0 ? to : to + 1
            if (end < 0) return undefined
            const isText = this.expect === Expect.Text
            this.expect = Expect.Type
            if (isText) return this.message()
        }
        return undefined
    }

    private begin(type: number) {
        this.type = type
        this.remaining = 0
        this.digits = 0
        this.size = 0
        if (type & HAS_LENGTH) this.expect = Expect.Length
        else this.expect = type === TEXT ? Expect.Text : Expect.Unknown
    }

    /** Adds a part of the chunk to the text. */
    private collect(from: number, to: number) {
        const max = this.options.maxMessage || MAX_MESSAGE
        const size = this.size + to - from
        if (size > max)
            throw new ProtocolError("message too big", CLOSE_TOO_BIG)
        if (size > this.text.length) {
            const grown = Buffer.alloc(Math.min(2 * size, max))
            grown.blitAt(0, this.text, 0, this.size)
            this.text = grown
        }
        this.text.blitAt(this.size, this.chunk, from, to - from)
        this.size = size
    }

    private message(): Message {
        const data = this.text.slice(0, this.size)
        if (this.text.length > MIN_BUFFER) this.text = Buffer.alloc(MIN_BUFFER)
        const text = decode(data)
        if (text === undefined) throw notUtf8()
        return new Message(data, true, text)
    }

    /** Takes a digit of a length. */
    private async length() {
        const digit = this.chunk[this.at++]
        this.remaining = this.remaining * 128 + (digit & 0x7f)
        if (++this.digits > MAX_DIGITS) throw new ProtocolError("frame length")
        if (digit & HAS_LENGTH) return
        // Not by its truth: to the VM a number beyond 31 bits is false.
        const isEmpty = this.remaining === 0
        this.expect = isEmpty ? Expect.Type : Expect.Skip
        if (!isEmpty || this.type !== END || !this.hasClose) return
        // the closing frame
        await this.conclude()
        await this.finish(CLOSE_NO_STATUS)
    }

    /** Has the closing frame sent, and waits for that, but not for ever: the link may take nothing. */
    private async conclude() {
        const deadline = this.closeDeadline()
        this.sendClose.start()
        while (!this.isClosed)
            if (!(await waitUntil(this.changed, deadline))) return
    }

    /** Sends the closing frame, if there is one, behind the message that is on its way. */
    private async sendClose() {
        await acquire(this.turn)
        try {
            const isFirst = !this.isClosing && !this.end
            this.isClosing = true
            if (isFirst && this.hasClose)
                await this.write(Buffer.from([END, 0]))
        } catch {
            // `end` tells.
        }
        release(this.turn)
        this.isClosed = true
        notify(this.changed)
    }

    private closeDeadline(): number {
        return deadlineIn(this.options.closeTimeout ?? 5000)
    }

    private async write(bytes: Buffer) {
        try {
            await this.stream.send(bytes)
        } catch (e: any) {
            this.error = e
            await this.stream.close()
            throw e
        }
    }

    private async finish(code: number, error?: Error) {
        await this.stream.close()
        if (this.end) return
        const wasClean = code === CLOSE_NO_STATUS
        const reason = error instanceof ProtocolError ? error.message : ""
        this.end = { code, reason, wasClean, error }
        notify(this.changed)
    }
}
