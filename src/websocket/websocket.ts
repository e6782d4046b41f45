import * as ds from "@devicescript/core"
import { randomBuffer } from "@devicescript/crypto"
import { Listeners } from "./listeners"
import { Mailbox } from "./mailbox"
import { MessageWriter, SliceSink } from "./old-message-writer"
import { Dial, StreamError } from "../net/stream"
import { CLOSE_ABNORMAL, FIN, OP_PING } from "../protocol/codes"
import { HandshakeError, HandshakeOptions } from "../protocol/handshake"
import { Message, Slice } from "../protocol/message"
import { ReceiverOptions } from "../protocol/receiver"
import { Outgoing, wholeMessage } from "../protocol/outgoing"
import { closeBody, rfc6455, Session } from "../protocol/session"
import { parseUrl, resolveUrl } from "../protocol/url"
import { Pump, PumpOptions, PumpOwner } from "./pump"
import { Signal } from "../fiber/signal"

/** Values of `readyState`, those of the WHATWG's WebSocket. */
export const CONNECTING = 0
export const OPEN = 1
export const CLOSING = 2
export const CLOSED = 3

/** Largest message by default: with its parts and its text it fits into a 64 KB heap. */
const MAX_MESSAGE = 8192

/** Most fragments of a message by default. */
const MAX_FRAGMENTS = 1024

/** How a connection ended, or the attempt to make one. */
export interface CloseEvent {
    /** The peer's close code; ours when the peer broke the protocol; 1005: none given; 1006: no Close frame came. */
    code: number
    reason: string
    /** Both Close frames were exchanged. */
    wasClean: boolean
    /** What went wrong, if anything: ProtocolError, HandshakeError, StreamError. */
    error: Error
    /** Milliseconds that it was open; 0 when it never was. */
    lasted: number
    /** Milliseconds until the next attempt; undefined: closed for good. */
    retry: number
}

/** A queued message that will not be sent. */
export interface DropEvent {
    data: Buffer | string
    reason: string
}

/** Decides about further connections; `backoff()` makes one. */
export interface Reconnect {
    /** @returns milliseconds until the next attempt; negative: there is none */
    pause(end: CloseEvent): number
    /**
     * Queues a message for the next connection.
     * @returns messages that had to give way
     * @throws RangeError when the new one is refused
     */
    admit(queue: Outgoing[], item: Outgoing): Outgoing[]
}

export interface WebSocketOptions extends HandshakeOptions, PumpOptions {
    /** Largest message in bytes; beyond it the connection ends with 1009. Default 8,192; with `slices` any. */
    maxMessage?: number
    /** Most fragments of a message; beyond it the connection ends with 1008. Default 1,024; with `slices` any. */
    maxFragments?: number
    /** How many redirects to follow. Default 0. */
    redirects?: number
    /** Connects again when a connection ends: `backoff()`. Default: stays closed. */
    reconnect?: Reconnect
    /** Messages come in slices, from `recvSlice`, and may be longer than the memory. */
    slices?: boolean
}

/**
 * A WebSocket client: the WHATWG's interface, where everything that takes time can be awaited.
 * @devsWhenUsed
 */
export class WebSocket implements PumpOwner, SliceSink {
    readyState = CONNECTING
    /** Payload bytes that the link has not taken yet. */
    bufferedAmount = 0
    /** The subprotocol that the server chose; empty without one. */
    protocol = ""
    /** Milliseconds that the last Ping took to come back. */
    rtt: number
    /** What went wrong last. */
    error: Error

    /** The handshake is done; with `reconnect` each time. */
    readonly onopen = new Listeners<WebSocket>()
    /** A message. The next one is handed over when the handlers have returned; `recv` gets none. */
    readonly onmessage = new Listeners<Message>()
    /** What went wrong; `onclose` follows. */
    readonly onerror = new Listeners<Error>()
    readonly onclose = new Listeners<CloseEvent>()
    readonly ondrop = new Listeners<DropEvent>()

    /** @internal Sends a message in slices; the others wait. */
    writer: MessageWriter
    /** @internal */
    readonly mailbox = new Mailbox(this.onmessage)

    private session: Session
    private pump: Pump
    /** Messages for the next connection. */
    private waiting: Outgoing[] = []
    private openedAt = 0
    private readonly changed = new Signal()

    /**
     * Starts to connect.
     * @param dial opens the byte stream, on whatever network
     * @param url `ws://` or `wss://`
     * @throws TypeError when the URL is none, RangeError for a heartbeat in a version that has no Pings
     */
    constructor(
        private readonly dial: Dial,
        readonly url: string,
        private readonly options: WebSocketOptions
    ) {
        parseUrl(url)
        const { version, heartbeat } = options
        if (version && heartbeat) version.check(FIN | OP_PING)
        this.run.start()
    }

    /** Waits until the WebSocket is open. @throws what stopped it */
    async opened() {
        while (this.readyState === CONNECTING) await this.changed.wait()
        if (this.readyState !== OPEN)
            throw this.error || new StreamError("closed before it was open")
    }

    /**
     * Sends a message; a `Message` goes back unchanged, with its type. Waits until the link has taken all of it. With
     * `reconnect`, while there is no connection, it is queued instead.
     * @throws TypeError for anything else
     * @throws StreamError when the link breaks or the WebSocket is closed
     * @throws RangeError when the queue is full, or the version has no such messages
     */
    async send(data: string | Buffer | Message) {
        const item = wholeMessage(data)
        while (this.writer) await this.changed.wait()
        if (this.readyState === CONNECTING) {
            if (this.options.reconnect) return this.enqueue(item)
            await this.opened()
        }
        if (this.readyState !== OPEN)
            throw new StreamError("send: the WebSocket is closed")
        const pump = this.pump
        if (!(await pump.send(item)) && !this.options.reconnect)
            throw pump.broken("send")
    }

    /**
     * Starts a message that is sent slice by slice. Other messages wait until it is complete.
     * @param isText text or binary
     * @param length in bytes, if it is known: the message goes out as one frame; else each slice as a fragment
     * @throws StreamError when the WebSocket is not open, RangeError when the version has no such messages
     */
    async startMessage(
        isText: boolean,
        length?: number
    ): Promise<MessageWriter> {
        while (this.writer) await this.changed.wait()
        if (this.readyState !== OPEN)
            throw new StreamError("startMessage: the WebSocket is not open")
        const { version } = this.options
        const check = version && version.check
        const writer = new MessageWriter(this, isText, length, check)
        this.writer = writer
        return writer
    }

    /**
     * The next message, when `onmessage` has no handler.
     * @param timeout milliseconds; without it, waits for ever
     * @returns `undefined` on timeout, `null` when the WebSocket is closed for good
     */
    async recv(timeout?: number): Promise<Message> {
        return await this.mailbox.take(timeout)
    }

    /** The next slice of a message, with the option `slices`; else as `recv`. */
    async recvSlice(timeout?: number): Promise<Slice> {
        return await this.mailbox.take(timeout)
    }

    /**
     * Sends a Ping.
     * @param timeout milliseconds to wait for the Pong
     * @returns milliseconds until the Pong; undefined when none came
     * @throws StreamError when the WebSocket is not open
     */
    async ping(timeout = 10000): Promise<number> {
        if (this.readyState !== OPEN)
            throw new StreamError("ping: the WebSocket is not open")
        return await this.pump.ping(timeout)
    }

    /**
     * Sends what is queued, then a Close frame, and waits for the end: at most `closeTimeout` when it was open.
     * @param code 1000-1003, 1007-1014 or 3000-4999; without it the frame is empty
     * @param reason at most 123 bytes of UTF-8
     * @throws RangeError
     */
    async close(code?: number, reason?: string) {
        const body = closeBody(code, reason)
        const { readyState, pump } = this
        if (readyState < CLOSING) {
            if (readyState === OPEN) this.session.close(body)
            this.readyState = CLOSING
            this.mailbox.close()
            this.changed.notify()
            if (readyState === OPEN) await pump.close()
            else if (pump) await pump.abort()
        }
        while (this.readyState !== CLOSED) await this.changed.wait()
    }

    /** @internal */
    async transmit(item: Outgoing): Promise<boolean> {
        return this.pump ? await this.pump.send(item) : false
    }

    /** @internal */
    messageDone() {
        this.writer = undefined
        this.changed.notify()
    }

    /** @internal */
    handshakeDone() {
        if (this.readyState !== CONNECTING) return
        const { sender, protocol } = this.session
        this.protocol = protocol
        this.openedAt = ds.millis()
        this.readyState = OPEN
        for (const item of this.waiting) sender.push(item)
        this.waiting = []
        this.mailbox.emit(this.onopen, this)
        this.changed.notify()
    }

    /** The life of the WebSocket: one connection after the other. */
    private async run() {
        const { reconnect } = this.options
        for (;;) {
            const end = await this.connection()
            if (reconnect && this.readyState !== CLOSING) {
                const pause = reconnect.pause(end)
                if (pause >= 0) end.retry = pause
            }
            this.ended(end)
            if (end.retry === undefined) return
            const until = ds.millis() + end.retry
            for (;;) {
                const left = until - ds.millis()
                if (left <= 0 || this.readyState === CLOSING) break
                await this.changed.wait(left)
            }
        }
    }

    /** One connection, from the dial to its end. */
    private async connection(): Promise<CloseEvent> {
        this.openedAt = undefined
        let error: Error
        try {
            await this.link()
        } catch (e: any) {
            error = e
        }
        const { session, openedAt } = this
        return {
            code: session ? session.closeCode : CLOSE_ABNORMAL,
            reason: session ? session.closeReason : "",
            wasClean: session ? session.wasClean() : false,
            error,
            lasted: openedAt === undefined ? 0 : ds.millis() - openedAt,
            retry: undefined,
        }
    }

    /** Dials, follows redirects, and pumps. @throws whatever ends it other than a Close frame */
    private async link() {
        const { options } = this
        const { version } = options
        let target = parseUrl(this.url)
        let handshake: HandshakeOptions = options
        for (let redirects = options.redirects || 0; ; --redirects) {
            if (this.readyState === CLOSING) return
            const stream = await this.dial({
                host: target.host,
                port: target.port,
                secure: target.secure,
                timeout: options.handshakeTimeout,
            })
            const make = version ? version.session : rfc6455
            this.session = make(
                target,
                handshake,
                limits(options),
                randomBuffer
            )
            this.pump = new Pump(stream, this.session, options, this)
            if (this.readyState === CLOSING) return await stream.close()
            await this.pump.run()
            const error: any = this.pump.error
            if (!error) return
            if (
                !(error instanceof HandshakeError) ||
                !error.isRedirect() ||
                redirects < 1
            )
                throw error
            const next = parseUrl(resolveUrl(target, error.location))
            // What is meant for one server, a password say, is not for another.
            if (
                next.authority === target.authority &&
                next.secure === target.secure
            )
                next.userinfo = next.userinfo ?? target.userinfo
            else
                handshake = {
                    protocols: options.protocols,
                    origin: options.origin,
                }
            target = next
        }
    }

    private ended(end: CloseEvent) {
        const { mailbox, session } = this
        this.writer = undefined
        this.session = undefined
        this.pump = undefined
        if (session && this.options.reconnect) {
            const again: Outgoing[] = []
            for (const item of session.sender.unwritten())
                if (!item.slice) again.push(item)
            again.pushRange(this.waiting)
            this.waiting = again
        }
        if (end.error) {
            this.error = end.error
            mailbox.emit(this.onerror, end.error)
        }
        this.readyState = end.retry === undefined ? CLOSED : CONNECTING
        if (this.readyState === CLOSED) {
            this.drop(this.waiting, "closed")
            this.waiting = []
            mailbox.close()
        }
        this.countWaiting()
        mailbox.emit(this.onclose, end)
        this.changed.notify()
    }

    private enqueue(item: Outgoing) {
        const { version, reconnect } = this.options
        if (version) version.check(item.head, item.data)
        const dropped = reconnect.admit(this.waiting, item)
        this.drop(dropped, "queue full")
        this.countWaiting()
    }

    private drop(items: Outgoing[], reason: string) {
        for (const item of items)
            this.mailbox.emit(this.ondrop, { data: item.data, reason })
    }

    private countWaiting() {
        this.bufferedAmount = 0
        for (const item of this.waiting) this.bufferedAmount += item.length
    }
}

/** Messages have to fit into the memory; slices do. */
function limits(options: WebSocketOptions): ReceiverOptions {
    const { slices, maxMessage, maxFragments } = options
    return {
        slices,
        maxMessage: maxMessage || (slices ? undefined : MAX_MESSAGE),
        maxFragments: maxFragments || (slices ? undefined : MAX_FRAGMENTS),
    }
}

/** Opens a WebSocket over any network. @throws StreamError, HandshakeError, ProtocolError; with `reconnect` only a final one */
export async function connectOver(
    dial: Dial,
    url: string,
    options?: WebSocketOptions
): Promise<WebSocket> {
    const ws = new WebSocket(dial, url, options || {})
    await ws.opened()
    return ws
}
