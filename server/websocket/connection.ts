import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { WebSocket } from "ws"
import { TokenBucket } from "../access/token-bucket.ts"
import type { Reporter } from "../telemetry/reporter.ts"
import type { Message } from "./message.ts"
import type { SharedFrame } from "./shared-frame.ts"
import { own, type Transport, type TransportOwner } from "./transport.ts"

/**
 * Bytes for which a message that waits for the client counts besides its own: an empty one is two bytes on the wire, and
 * takes a write request, a callback and a buffer in memory.
 */
const WEIGHT = 64

const TOO_LONG =
    "sent a message that is too long: max payload size exceeded (--max-message)"

/** What `ws` says without telling how to allow it. */
const FAILURES: Record<string, string> = {
    WS_ERR_TOO_MANY_BUFFERED_PARTS:
        "sent a message in too many fragments (--max-fragments)",
    WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: TOO_LONG,
}

/** Those with replies to messages that arrived together. */
let gathering: Connection[] = []

function sendGathered(): void {
    const connections = gathering
    gathering = []
    for (const connection of connections) connection.sendGathered()
}

/** What is done with the connections of one path; the connections share it. */
export interface Behavior {
    /** @param request the handshake; not to be kept, for it holds much memory */
    open?(connection: Connection, request: IncomingMessage): void
    /** Without it messages are read and thrown away. */
    message?(connection: Connection, message: Message): void
    /** The network has taken all that was sent. */
    drained?(connection: Connection): void
    /** The connection has ended. */
    close?(connection: Connection): void
}

/** How much a connection bears; the connections of one path share it. */
export interface ConnectionSettings {
    /** Whether pings are answered */
    answerPings: boolean
    /** Messages and pings a second that a client may send; default: any number */
    maxRate?: number
    /** Bytes of a message */
    maxMessage: number
    /** Bytes of unread replies above which the client is not read any more */
    maxBuffered: number
    /** Bytes of unread replies above which the client is terminated */
    hardLimit: number
    /** Milliseconds after which a client that takes none of its replies is terminated */
    stallTimeout: number
    /** Whether each message and reply is reported; a page's batches are not worth a line */
    reportMessages: boolean
}

/** What a connection is made of. */
export interface ConnectionOptions {
    transport: Transport
    socket: Socket
    /** Address and port of the client, for the log */
    peer: string
    behavior: Behavior
    settings: ConnectionSettings
    reporter: Reporter
}

/**
 * One client: hands its messages to a behavior, and bounds what a client can make the server hold for it.
 *
 * ```
 *   messages ──> behavior ──> send ──> bytes that the client did not read yet
 *      ▲                                 │ > maxBuffered: stop reading
 *      └───── read again, below half ────┤ none taken for stallTimeout: terminate
 *                                        │ > hardLimit: terminate
 * ```
 */
export class Connection implements TransportOwner {
    /** Address and port of the client; behind a trusted proxy the client's address, then the proxy's */
    readonly peer: string
    /** Messages that came in, and that went out */
    received = 0
    sent = 0
    /** How often it failed: once at most, for that ends it */
    failures = 0
    /** Pings that were answered, and after how many milliseconds the last one was */
    pongs = 0
    roundTrip?: number
    readonly #transport: Transport
    readonly #socket: Socket
    readonly #behavior: Behavior
    readonly #settings: ConnectionSettings
    readonly #reporter: Reporter
    readonly #bucket?: TokenBucket
    /** Replies and pongs that wait for the client */
    #waiting = 0
    readonly #written = () => this.#freed()
    #closed: (code: number) => void = () => {}
    /** When the ping was sent that has no pong yet */
    #pingedAt?: number
    #gathering = false
    /** Reading stopped because unread replies wait */
    #stalled = false
    /** Reading stopped because the behavior wants a rest */
    #held = false
    /** Reading stopped for good */
    #muted = false

    constructor(options: ConnectionOptions) {
        const { transport, socket, peer, settings } = options
        this.peer = peer
        this.#transport = transport
        this.#socket = socket
        this.#behavior = options.behavior
        this.#settings = settings
        this.#reporter = options.reporter
        if (settings.maxRate) this.#bucket = new TokenBucket(settings.maxRate)
    }

    /** The version of the protocol: `RFC 6455`, `hixie-76` or `hixie-75`. */
    get version(): string {
        return this.#transport.version
    }

    /** The subprotocol agreed on, or an empty string. */
    get protocol(): string {
        return this.#transport.protocol
    }

    /** Whether it can be sent binary messages. */
    get takesBinary(): boolean {
        return this.#transport.takesBinary
    }

    /** Bytes of replies that wait for the client, and what they take besides. */
    get buffered(): number {
        return this.#transport.bufferedAmount + this.#waiting * WEIGHT
    }

    /** Bytes that came in, its handshake and frames included. */
    get bytesRead(): number {
        return this.#socket.bytesRead
    }

    /** Bytes that went out, likewise. */
    get bytesWritten(): number {
        return this.#socket.bytesWritten
    }

    /** Begins to read. @param closed called when the connection has ended, with its close code */
    open(request: IncomingMessage, closed: (code: number) => void): void {
        this.#closed = closed
        own(this.#transport, this)
        // a peer that sends no more may still leave its replies unread
        this.#socket.on("end", () =>
            this.#socket.setTimeout(this.#settings.stallTimeout)
        )
        this.#socket.on("timeout", () => this.#takesNothing())
        this.#behavior.open?.(this, request)
    }

    /** Sends a message, unless the connection is closing. @param frame where many get it */
    send(message: Message, frame?: SharedFrame): void {
        if (this.#transport.readyState !== WebSocket.OPEN) return
        this.#gather()
        const binary = message.type === "binary"
        this.#waiting++
        if (frame && this.#transport.takesFrames)
            this.#socket.write(frame.bytes, this.#written)
        else this.#transport.send(message.data, { binary }, this.#written)
        this.sent++
        if (this.#settings.reportMessages && this.#reporter.wants("reply"))
            this.#reporter.report(this.peer, { event: "reply", ...message })
        this.#bound()
    }

    /** Starts the closing handshake; the server's close timeout ends it. */
    close(code: number, reason?: string): void {
        this.#transport.close(code, reason)
    }

    /** Drops the connection without a closing handshake. */
    terminate(): void {
        this.#transport.terminate()
    }

    /** Reads no more until `release`. */
    hold(): void {
        this.#held = true
        this.#transport.pause()
    }

    /** Reads again after `hold`. */
    release(): void {
        this.#held = false
        this.#readOn()
    }

    /** Asks for a pong; to be called again when it is due. */
    heartbeat(): void {
        const transport = this.#transport
        if (!transport.canPing) return
        // behind unread replies a ping would measure the queue; stallTimeout watches that
        if (transport.isPaused || transport.readyState !== WebSocket.OPEN)
            return
        if (this.#pingedAt !== undefined)
            return this.#fail("did not answer a ping in time")
        this.#pingedAt = performance.now()
        transport.ping()
    }

    /** @internal */
    onMessage(data: Buffer | string, isBinary: boolean): void {
        if (this.#isTooFast() || this.#isTooLong(data)) return
        const message: Message = isBinary
            ? { type: "binary", data: data as Buffer }
            : { type: "text", data: data.toString() }
        if (this.#settings.reportMessages && this.#reporter.wants("message"))
            this.#reporter.report(this.peer, { event: "message", ...message })
        this.received++
        this.#behavior.message?.(this, message)
    }

    /** @internal Who does not read the pongs is treated as who does not read replies. */
    onPing(data: Buffer): void {
        if (this.#isTooFast() || !this.#settings.answerPings) return
        if (this.#transport.readyState !== WebSocket.OPEN) return
        this.#gather()
        this.#waiting++
        this.#transport.pong(data, false, this.#written)
        this.#bound()
    }

    /** @internal */
    onPong(): void {
        if (this.#pingedAt === undefined) return
        this.roundTrip = performance.now() - this.#pingedAt
        this.pongs++
        this.#pingedAt = undefined
    }

    /** @internal */
    onError({ message, code }: Error & { code?: string }): void {
        this.#failed(FAILURES[code ?? ""] ?? message)
    }

    /** @internal */
    onClose(code: number, reason: Buffer): void {
        this.#reporter.report(this.peer, {
            event: "close",
            code,
            reason: reason.toString(),
            sent: this.#transport.sent,
        })
        this.#behavior.close?.(this)
        this.#closed(code)
    }

    /** Sends the replies to all messages that arrived together in one piece: a system call costs more than a reply. */
    #gather(): void {
        if (this.#gathering) return
        this.#gathering = true
        this.#socket.cork()
        if (gathering.push(this) === 1) process.nextTick(sendGathered)
    }

    /** @internal */
    sendGathered(): void {
        this.#gathering = false
        this.#socket.uncork()
    }

    #bound(): void {
        const { buffered } = this
        const { maxBuffered, hardLimit } = this.#settings
        if (buffered > hardLimit)
            this.#fail(
                `did not read its replies: ${buffered} bytes are unread, the limit is ${hardLimit}`
            )
        else if (buffered > maxBuffered) this.#stall()
    }

    #stall(): void {
        if (this.#stalled) return
        this.#stalled = true
        this.#transport.pause()
        // Node counts a partly flushed write as activity, so this measures progress and not size
        this.#socket.setTimeout(this.#settings.stallTimeout)
        const { buffered } = this
        this.#reporter.report(this.peer, { event: "pause", buffered })
    }

    /** The network has taken a message. */
    #freed(): void {
        this.#waiting--
        if (this.#waiting === 0) this.#behavior.drained?.(this)
        // Node calls a write that was under way when its socket was destroyed a success
        if (this.#socket.destroyed || !this.#stalled) return
        const { buffered } = this
        if (buffered > this.#settings.maxBuffered / 2) return
        this.#stalled = false
        this.#pingedAt = undefined
        this.#socket.setTimeout(0)
        this.#readOn()
        this.#reporter.report(this.peer, { event: "resume", buffered })
    }

    #readOn(): void {
        if (this.#stalled || this.#held || this.#muted) return
        this.#transport.resume()
    }

    #isTooFast(): boolean {
        if (this.#muted) return true
        if (!this.#bucket || this.#bucket.take()) return false
        if (this.#transport.readyState !== WebSocket.OPEN) return true
        this.#failed(
            `sent more than ${this.#settings.maxRate} messages a second`
        )
        this.close(1008, "too many messages")
        // what it goes on to send is not worth reading; the close timeout ends it
        this.#muted = true
        this.#transport.pause()
        return true
    }

    /** With compression `ws` bears longer ones: see `Upgrader`. */
    #isTooLong({ length }: Buffer | string): boolean {
        if (length <= this.#settings.maxMessage) return false
        this.#failed(TOO_LONG)
        this.close(1009)
        this.#muted = true
        return true
    }

    #takesNothing(): void {
        this.#fail(
            `did not read its replies: ${this.buffered} bytes are unread, none were taken for ${this.#settings.stallTimeout} ms`
        )
    }

    #fail(reason: string): void {
        this.#failed(reason)
        this.terminate()
    }

    #failed(reason: string): void {
        this.failures++
        this.#reporter.report(this.peer, { event: "failure", reason })
    }
}
