import { notify, Signal, wait } from "../fiber/signal"
import { dialNative } from "../net/native"
import { Dial } from "../net/stream"
import { closeBody } from "../protocol/close"
import { CLOSE_ABNORMAL } from "../protocol/codes"
import { Message } from "../protocol/message"
import { parseUrl } from "../protocol/url"
import { connectOver, ConnectOptions } from "./connect-over"
import { Connection } from "./connection"
import { subprotocols } from "./subprotocols"

/** Values of `readyState`. */
export const CONNECTING = 0
export const OPEN = 1
export const CLOSING = 2
export const CLOSED = 3

/** Most bytes that wait to be sent, by default. */
const MAX_BUFFERED = 8192

export interface WebSocketOptions extends ConnectOptions {
    /** Most bytes that `send` takes before the network does; more are a RangeError. Default 8,192. */
    maxBuffered?: number
}

export interface MessageEvent {
    /** A string, or a Buffer for a binary message. */
    readonly data: string | Buffer
}

export interface CloseEvent {
    /** The server's close code; 1005: it gave none; 1006: the connection broke, or there was none. */
    readonly code: number
    readonly reason: string
    readonly wasClean: boolean
}

/**
 * A WebSocket as in a browser (WHATWG's interface), over any network: handlers, and a `send` that does not wait. Handlers are
 * called one after the other, in order; while one works, nothing more is read.
 * @devsWhenUsed
 */
export class WebSocketOver {
    readyState = CONNECTING
    /** Bytes that were sent and that the network has not taken. */
    bufferedAmount = 0
    /** The subprotocol that the server chose; empty without one. */
    protocol = ""

    onopen: () => void | Promise<void>
    /** Without it, messages are thrown away. */
    onmessage: (event: MessageEvent) => void | Promise<void>
    /** What went wrong; `onclose` follows. */
    onerror: (error: Error) => void | Promise<void>
    onclose: (event: CloseEvent) => void | Promise<void>

    private connection: Connection
    private error: Error
    private readonly connectOptions: ConnectOptions
    private readonly maxBuffered: number
    private readonly queue: (string | Buffer)[] = []
    private isSending: boolean
    private readonly sent = new Signal()

    /**
     * Starts to connect.
     * @param protocols subprotocols, the preferred one first
     * @throws TypeError for an invalid URL, RangeError for a subprotocol that cannot be sent
     */
    constructor(
        private readonly dial: Dial,
        readonly url: string,
        protocols: string | string[] = [],
        options: WebSocketOptions = {}
    ) {
        parseUrl(url)
        if (typeof protocols === "string") protocols = [protocols]
        const handshake = [subprotocols(...protocols)]
        for (const value of options.handshake || []) handshake.push(value)
        this.connectOptions = { ...options, handshake }
        this.maxBuffered = options.maxBuffered ?? MAX_BUFFERED
        this.run.start()
    }

    /**
     * Sends a message, behind those before it, without waiting. On a WebSocket that is closing or closed it does nothing but raise
     * `bufferedAmount`.
     * @throws RangeError while it is connecting, and when too many bytes wait; TypeError for anything else
     */
    send(data: string | Buffer) {
        const size = sizeOf(data)
        if (this.readyState === CONNECTING)
            throw new RangeError("send: the WebSocket is still connecting")
        if (this.bufferedAmount + size > this.maxBuffered)
            throw new RangeError(
                `send: more than ${this.maxBuffered} bytes wait`
            )
        this.bufferedAmount += size
        if (this.readyState !== OPEN) return
        this.queue.push(data)
        if (this.isSending) return
        this.isSending = true
        this.sendAll.start()
    }

    /**
     * Sends what waits, then a Close frame; `onclose` tells when it is over.
     * @param code 1000-1003, 1007-1014 or 3000-4999; without it the frame is empty
     * @param reason at most 123 bytes of UTF-8
     * @throws RangeError
     */
    close(code?: number, reason?: string) {
        closeBody(code, reason)
        if (this.readyState >= CLOSING) return
        this.readyState = CLOSING
        this.finish.start(code, reason)
    }

    private async run() {
        const connection = await this.connect()
        if (connection) {
            if (this.readyState === CONNECTING) {
                this.connection = connection
                this.protocol = connection.protocol
                this.readyState = OPEN
                if (this.onopen) await this.onopen()
            } else await connection.close()
            for (;;) {
                const message = await this.next(connection)
                if (!message) break
                if (this.onmessage && this.readyState === OPEN)
                    await this.onmessage({
                        data: message.isText ? message.text() : message.data,
                    })
            }
        }
        this.readyState = CLOSED
        const { error } = this
        if (error && this.onerror) await this.onerror(error)
        const end = connection && connection.end
        if (this.onclose)
            await this.onclose(
                end || { code: CLOSE_ABNORMAL, reason: "", wasClean: false }
            )
    }

    /** @returns undefined when there is no connection to be had */
    private async connect(): Promise<Connection> {
        try {
            return await connectOver(this.dial, this.url, this.connectOptions)
        } catch (e: any) {
            this.error = e
            return undefined
        }
    }

    /** @returns `null` at the end */
    private async next(connection: Connection): Promise<Message> {
        try {
            return await connection.recv()
        } catch (e: any) {
            this.error = e
            return null
        }
    }

    private async sendAll() {
        const { queue } = this
        try {
            while (queue.length) {
                const data = queue[0]
                await this.connection.send(data)
                queue.insert(0, -1)
                this.bufferedAmount -= sizeOf(data)
            }
        } catch {
            // The connection has ended; whoever reads is told why.
            queue.insert(0, -queue.length)
        }
        this.isSending = false
        notify(this.sent)
    }

    private async finish(code: number, reason: string) {
        while (this.isSending) await wait(this.sent)
        if (this.connection) await this.connection.close(code, reason)
    }
}

/**
 * The same over the board's own network: Wi-Fi, or the simulator.
 * @devsWhenUsed
 */
export class WebSocket extends WebSocketOver {
    /** As of `WebSocketOver`. */
    constructor(
        url: string,
        protocols?: string | string[],
        options?: WebSocketOptions
    ) {
        super(dialNative, url, protocols, options)
    }
}

/** @throws TypeError for what is not a message */
function sizeOf(data: string | Buffer): number {
    if (typeof data === "string") return data.byteLength
    if (data instanceof Buffer) return data.length
    throw new TypeError(`send: ${data}`)
}
