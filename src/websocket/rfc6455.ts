import { deadlineIn, timeLeft, waitUntil } from "../fiber/deadline"
import { notify, Signal } from "../fiber/signal"
import { Stream } from "../net/stream"
import { closeBody, closeCode, closeReason } from "../protocol/close"
import {
    CLOSE_ABNORMAL,
    CLOSE_NO_STATUS,
    FIN,
    OP_BINARY,
    OP_PING,
    OP_PONG,
    OP_TEXT,
    ProtocolError,
} from "../protocol/codes"
import { Reply } from "../protocol/handshake-value"
import { Message } from "../protocol/message"
import { Connection, End } from "./connection"
import { Input, next } from "./input"
import { flush, Output, sendClose, sendControl, sendMessage } from "./output"

/** Largest message by default: two of them, with their texts, fit into the heap at once. */
const MAX_MESSAGE = 4096

/** Most fragments of a message by default. */
const MAX_FRAGMENTS = 1024

/** The first buffer of a message that comes in pieces of unknown number. */
const MIN_BUFFER = 128

/** Limits of a connection. */
export interface ConnectionOptions {
    /** Largest message in bytes; beyond it the connection ends with 1009. Default 4,096; for `slices` any. */
    maxMessage?: number
    /** Most fragments of a message; beyond it the connection ends with 1008. Default 1,024; for `slices` any. */
    maxFragments?: number
    /** Milliseconds to wait for the peer to end the connection. Default 5,000. */
    closeTimeout?: number
}

enum State {
    Open,
    /** `close` has been called. */
    Closing,
    /** Nothing counts any more but the end of the stream: the peer's Close frame is here, or the peer broke the protocol. */
    Ending,
}

/**
 * A WebSocket of RFC 6455 over a stream. It has no fiber of its own.
 * @devsWhenUsed
 */
export class Rfc6455Connection implements Connection {
    readonly protocol: string
    end: End
    /** Called with the payload of every Pong, by the fiber that reads. */
    onpong: (payload: Buffer) => void

    /** @internal */
    readonly input: Input
    /** @internal */
    readonly output: Output
    /** @internal */
    state = State.Open
    /** @internal A fiber is reading. */
    isReading = false
    /** @internal The beginning of a message. */
    part: Buffer
    /** @internal What is known of the end. */
    outcome: End
    /** @internal When not to wait for the end of the stream any more. */
    deadline: number
    /** @internal */
    readonly changed = new Signal()

    /** @param chunk what came behind the reply, if anything */
    constructor(
        readonly stream: Stream,
        chunk: Buffer,
        { protocol, extension }: Reply,
        /** @internal */
        readonly options: ConnectionOptions
    ) {
        this.protocol = protocol
        this.input = new Input(
            stream,
            chunk,
            options.maxMessage || MAX_MESSAGE,
            options.maxFragments || MAX_FRAGMENTS,
            extension
        )
        this.output = new Output(stream, extension)
    }

    async recv(timeout?: number): Promise<Message> {
        const deadline = deadlineIn(timeout)
        const { input } = this
        for (;;) {
            const data = await readPiece(this, deadline)
            if (!data) return data as any
            const { isText, isLast, utf8 } = input
            const { text } = utf8
            utf8.text = undefined
            if (input.isFirst && isLast) return new Message(data, isText, text)
            const whole = collect(this, data)
            if (isLast) return new Message(whole, isText, undefined)
        }
    }

    async send(data: string | Buffer | Message) {
        let head = FIN | OP_BINARY
        let length: number
        if (typeof data === "string") {
            head = FIN | OP_TEXT
            length = data.byteLength
        } else {
            if (data instanceof Message) {
                if (data.isText) head = FIN | OP_TEXT
                data = data.data
            }
            if (!(data instanceof Buffer)) throw new TypeError(`send: ${data}`)
            length = data.length
        }
        await sendMessage(this.output, head, data, length)
    }

    async close(code?: number, reason?: string) {
        const body = closeBody(code, reason)
        if (this.state === State.Open) {
            this.state = State.Closing
            sendClose.start(this.output, body, false)
        }
        const deadline = deadlineIn(closeTimeout(this))
        while (!this.end) {
            if (timeLeft(deadline) === 0) await finish(this)
            else if (this.isReading) await waitUntil(this.changed, deadline)
            else
                try {
                    await readPiece(this, deadline)
                } catch {
                    // `end` tells.
                }
        }
    }

    /** Sends a Ping; waits until the link has taken it, or is gone. */
    async ping(payload: Buffer) {
        await sendControl(this.output, OP_PING, payload)
        await flush(this.output)
    }

    /** Gives the connection up; `recv` and `send` then throw the error. */
    async abort(error: Error) {
        this.output.error = error
        await finish(this)
    }
}

/**
 * The next piece of a message, for one fiber at a time.
 * @returns `undefined` at the deadline, `null` at the end
 * @throws what broke the connection
 */
export async function readPiece(
    connection: Rfc6455Connection,
    deadline: number
): Promise<Buffer> {
    while (connection.isReading)
        if (!(await waitUntil(connection.changed, deadline))) return undefined
    connection.isReading = true
    const piece = await receive(connection, deadline)
    connection.isReading = false
    if (connection.changed.fiber) notify(connection.changed)
    if (!piece) {
        const { end } = connection
        if (end && end.error) throw end.error
    }
    return piece
}

async function receive(
    connection: Rfc6455Connection,
    deadline: number
): Promise<Buffer> {
    const { input, end } = connection
    if (end) return null
    try {
        while (connection.state !== State.Ending) {
            const payload = await next(input, deadline)
            if (payload === null) return await finish(connection)
            if (!payload || !(input.opcode & 8)) return payload
            await control(connection, payload)
        }
    } catch (e: any) {
        if (!(e instanceof ProtocolError)) return await finish(connection, e)
        await fail(connection, e)
    }
    return await awaitEnd(connection, deadline)
}

/** RFC 6455, 5.5. */
async function control(connection: Rfc6455Connection, payload: Buffer) {
    const { input, output, onpong } = connection
    if (input.opcode === OP_PING) await sendControl(output, OP_PONG, payload)
    else if (input.opcode === OP_PONG) {
        if (onpong) onpong(payload)
    } else {
        const code = closeCode(payload)
        const reason = closeReason(payload)
        await conclude(connection, payload.slice(0, 2), {
            code: code === undefined ? CLOSE_NO_STATUS : code,
            reason,
            wasClean: true,
            error: undefined,
        })
    }
}

/** Tells the peer what it did wrong, RFC 6455, 7.1.7. */
async function fail(connection: Rfc6455Connection, error: ProtocolError) {
    const { code, message } = error
    await conclude(connection, closeBody(code, message), {
        code,
        reason: message,
        wasClean: false,
        error,
    })
}

/** Sends the Close frame, if none was sent, and gives the peer time to end the stream. */
async function conclude(
    connection: Rfc6455Connection,
    body: Buffer,
    outcome: End
) {
    connection.state = State.Ending
    connection.outcome = outcome
    connection.deadline = deadlineIn(closeTimeout(connection))
    connection.input.chunk = undefined
    const { output } = connection
    await sendClose(output, body, true)
    while (!output.isClosed && !output.error)
        if (!(await waitUntil(output.changed, connection.deadline))) return
}

function closeTimeout({ options }: Rfc6455Connection): number {
    return options.closeTimeout ?? 5000
}

/** Throws away what comes until the peer has ended the stream. @returns `undefined` at the deadline, `null` at the end */
async function awaitEnd(
    connection: Rfc6455Connection,
    deadline: number
): Promise<Buffer> {
    for (;;) {
        const left = timeLeft(connection.deadline)
        const own = timeLeft(deadline)
        let chunk: Buffer = null
        try {
            chunk = await connection.stream.recv(own < left ? own : left)
        } catch {
            // Behind the Close frames it does not matter how the link ends.
        }
        if (chunk === null || timeLeft(connection.deadline) === 0)
            return await finish(connection)
        if (!chunk) return undefined
    }
}

/** The end. @param error what broke the link, unless there was a Close frame or a ProtocolError before */
async function finish(
    connection: Rfc6455Connection,
    error?: Error
): Promise<Buffer> {
    const { output, outcome } = connection
    await connection.stream.close()
    if (connection.end) return null
    const end = outcome || {
        code: CLOSE_ABNORMAL,
        reason: "",
        wasClean: false,
        error: error || output.error,
    }
    if (!output.isClosed) end.wasClean = false
    connection.end = end
    notify(connection.changed)
    output.isClosing = true
    notify(output.changed)
    return null
}

/**
 * Adds a piece to a message. They go into one buffer: pieces that are kept to be joined in the end tear the heap, which nothing
 * mends. Of the right size when that is known, else it grows to twice what has come.
 * @returns the message so far
 */
function collect(connection: Rfc6455Connection, data: Buffer): Buffer {
    const { size, isFin, isCoded, isLast, remaining, maxMessage } =
        connection.input
    let { part } = connection
    if (!part || size > part.length) {
        let room = Math.max(2 * size, MIN_BUFFER)
        if (isFin && !isCoded) room = size + remaining
        if (room > maxMessage) room = maxMessage
        const grown = Buffer.alloc(room)
        if (part) grown.blitAt(0, part, 0, part.length)
        part = grown
    }
    part.blitAt(size - data.length, data, 0, data.length)
    connection.part = isLast ? undefined : part
    return isLast && size < part.length ? part.slice(0, size) : part
}
