import { deadlineIn, timeLeft, waitUntil } from "../fiber/deadline"
import { notify, Signal } from "../fiber/signal"
import { Stream, StreamError } from "../net/stream"
import { closeBody, closeCode, closeReason } from "../protocol/close"
import {
    CLOSE_ABNORMAL,
    FIN,
    OP_BINARY,
    OP_CLOSE,
    OP_PING,
    OP_PONG,
    OP_TEXT,
    ProtocolError,
} from "../protocol/codes"
import { Reply } from "../protocol/handshake-value"
import { Message } from "../protocol/message"
import { Connection, End } from "./connection"
import { Input, next } from "./input"
import { flush, Output, sendControl, sendMessage, stop } from "./output"

/** Largest message by default: two of them, with their texts, fit into the heap at once. */
const MAX_MESSAGE = 4096

/** Most fragments of a message by default. */
const MAX_FRAGMENTS = 1024

/** A program that has sent more messages than that without a read does not mean to read. */
const UNHEARD = 3

/** Limits of a connection. */
export interface ConnectionOptions {
    /** Largest message in bytes; beyond it the connection ends with 1009. Default 4,096; for `slices` any. */
    maxMessage?: number
    /** Most fragments of a message; beyond it the connection ends with 1008. Default 1,024; for `slices` any. */
    maxFragments?: number
    /** Milliseconds to wait for the peer to end the connection. Default 5,000. */
    closeTimeout?: number
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
    /** Notified when it has ended. */
    readonly ended = new Signal()

    /** @internal */
    readonly input: Input
    /** @internal */
    readonly output: Output
    /** @internal A fiber is reading. */
    isReading: boolean
    /** @internal Messages that were sent while nobody read. */
    unheard = 0
    /** @internal The beginning of a message. */
    part: Buffer
    /** @internal A fiber has read. */
    readonly changed = new Signal()

    /** @param chunk what came behind the reply */
    constructor(
        stream: Stream,
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
        const { utf8 } = input
        for (;;) {
            const data = await readPiece(this, deadline)
            if (!data) return data as any
            const { isText, isLast } = input
            let { text } = utf8
            utf8.text = undefined
            let whole = data
            if (!input.isFirst || !isLast) {
                whole = collect(this, data)
                text = undefined
            }
            if (isLast) return new Message(whole, isText, text)
        }
    }

    async send(data: string | Buffer | Message) {
        let head = FIN | OP_BINARY
        if (data instanceof Message) {
            if (data.isText) head = FIN | OP_TEXT
            data = data.data
        }
        let length: number
        if (typeof data === "string") {
            head = FIN | OP_TEXT
            length = data.byteLength
        } else if (data instanceof Buffer) length = data.length
        else throw new TypeError(`send: ${data}`)
        if (!this.isReading) this.unheard++
        try {
            await sendMessage(this.output, head, data, length)
        } catch (e) {
            // a server gives up on who leaves its Pings unanswered
            throw this.unheard > UNHEARD ? new StreamError("not read") : e
        }
    }

    async close(code?: number, reason?: string) {
        const body = closeBody(code, reason)
        if (this.end) return
        flush.start(this.output, body)
        const deadline = deadlineIn(closeTimeout(this))
        while (!this.end)
            if (timeLeft(deadline) === 0) await finish(this, CLOSE_ABNORMAL, "")
            else if (this.isReading) await waitUntil(this.changed, deadline)
            else
                try {
                    await readPiece(this, deadline)
                } catch {
                    // `end` tells.
                }
    }

    /** Sends a Ping; waits until the link has taken it, or is gone. */
    async ping(payload: Buffer) {
        await sendControl(this.output, OP_PING, payload)
        await flush(this.output)
    }

    /** Gives the connection up; `recv` and `send` then throw the error. */
    async abort(error: Error) {
        await finish(this, CLOSE_ABNORMAL, "", error)
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
    const { changed } = connection
    while (connection.isReading)
        if (!(await waitUntil(changed, deadline))) return undefined
    connection.isReading = true
    connection.unheard = 0
    const piece = await receive(connection, deadline)
    connection.isReading = false
    if (changed.fiber) notify(changed)
    if (piece === null) {
        const { error } = connection.end
        if (error) throw error
    }
    return piece
}

/** Control frames are answered on the way, RFC 6455, 5.5. */
async function receive(
    connection: Rfc6455Connection,
    deadline: number
): Promise<Buffer> {
    const { input, output } = connection
    try {
        while (!connection.end) {
            const payload = await next(input, deadline)
            if (payload === null)
                await finish(connection, CLOSE_ABNORMAL, "", output.error)
            else if (!payload) return undefined
            else if (input.opcode === OP_PING)
                await sendControl(output, OP_PONG, payload)
            else if (input.opcode === OP_PONG) {
                if (connection.onpong) connection.onpong(payload)
            } else if (input.opcode !== OP_CLOSE) return payload
            else {
                const code = closeCode(payload)
                const reason = closeReason(payload)
                await conclude(connection, payload.slice(0, 2), code, reason)
            }
        }
    } catch (e: any) {
        const { code, message } = e
        if (e instanceof ProtocolError)
            // RFC 6455, 7.1.7
            await conclude(
                connection,
                closeBody(code, message),
                code,
                message,
                e
            )
        else await finish(connection, CLOSE_ABNORMAL, "", e)
    }
    return null
}

/** Sends the Close frame, if none was sent, and gives the peer time to end the stream. */
async function conclude(
    connection: Rfc6455Connection,
    body: Buffer,
    code: number,
    reason: string,
    error?: Error
) {
    const { input, output } = connection
    const deadline = deadlineIn(closeTimeout(connection))
    await sendControl(output, OP_CLOSE, body)
    if (!output.isClosed) await waitUntil(output.changed, deadline)
    try {
        while (timeLeft(deadline) !== 0)
            if (!(await input.stream.recv(timeLeft(deadline)))) break
    } catch {
        // Behind the Close frames it does not matter how the link ends.
    }
    await finish(connection, code, reason, error)
}

function closeTimeout({ options }: Rfc6455Connection): number {
    return options.closeTimeout ?? 5000
}

async function finish(
    connection: Rfc6455Connection,
    code: number,
    reason: string,
    error?: Error
) {
    if (connection.end) return
    const { output } = connection
    const wasClean = code !== CLOSE_ABNORMAL && !error && output.isClosed
    connection.end = { code, reason, wasClean, error }
    await stop(output, error)
    notify(connection.ended)
}

/**
 * Adds a piece to a message. They go into one buffer: pieces that are kept to be joined in the end tear the heap, which nothing
 * mends. Of the right size when that is known, else it grows to twice what has come.
 * @returns the message so far
 */
function collect(connection: Rfc6455Connection, data: Buffer): Buffer {
    const { input } = connection
    const { size } = input
    let { part } = connection
    if (!part || size > part.length) {
        const room =
            input.isFin && !input.isCoded ? size + input.remaining : 2 * size
        const grown = Buffer.alloc(Math.min(room, input.maxMessage))
        if (part) grown.blitAt(0, part, 0, part.length)
        part = grown
    }
    part.blitAt(size - data.length, data, 0, data.length)
    connection.part = input.isLast ? undefined : part
    return input.isLast ? part.slice(0, size) : part
}
