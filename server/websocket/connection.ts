import type { Socket } from "node:net"
import { WebSocket } from "ws"
import { TokenBucket } from "../access/token-bucket.ts"
import type { Transport } from "./transport.ts"
import type { Reporter } from "../telemetry/events.ts"
import { injectFaults, type FaultInjection } from "./fault-injection.ts"
import type { Message, Push, Reply } from "../modes/modes.ts"
import { startPush } from "../modes/push.ts"

/**
 * Bytes for which a message that waits for the client counts besides its own: an empty one is two bytes on the wire, and
 * takes a write request, a callback and a buffer in memory.
 */
const WEIGHT = 64

/** What a connection does and how much it bears. */
export interface ConnectionSettings {
    /** Without one, messages are read and thrown away */
    reply?: Reply
    push?: Push
    /** Called each time the network has taken a message */
    written?: () => void
    faults: FaultInjection
    /** Messages and pings a second that a client may send */
    maxRate?: number
    /** Bytes of unread replies above which the client is not read any more */
    maxBuffered: number
    /** Bytes of unread replies above which the client is terminated */
    hardLimit: number
    /** Milliseconds after which a client that takes none of its replies is terminated */
    stallTimeout: number
}

/**
 * One client: answers its messages, and bounds what a client can make the server hold for it.
 *
 * ```
 *   messages ──> reply ──> faults ──> ws.send ──> bytes that the client did not read yet
 *      ▲                                            │ > maxBuffered: stop reading
 *      └──────────── read again, below half ────────┤ none taken for stallTimeout: terminate
 *                                                   │ > hardLimit: terminate
 * ```
 */
export class Connection {
    /** Resolves when the connection has ended and its `close` was reported. */
    readonly closed: Promise<void>
    /** Messages that came in, and that went out */
    received = 0
    sent = 0
    /** How often it failed: once at most, for that ends it */
    failures = 0
    /** Pings that were answered, and after how many milliseconds the last one was */
    pongs = 0
    roundTrip?: number
    readonly #ws: Transport
    readonly #socket: Socket
    readonly #settings: ConnectionSettings
    readonly #reporter: Reporter
    /** Replies and pongs that wait for the client */
    #waiting = 0
    readonly #onWritten = () => this.#written()
    readonly #onPonged = () => this.#freed()
    /** When the ping was sent that has no pong yet */
    #pingedAt?: number
    #gathering = false
    #muted = false

    constructor(
        ws: Transport,
        socket: Socket,
        settings: ConnectionSettings,
        reporter: Reporter
    ) {
        this.#ws = ws
        this.#socket = socket
        this.#settings = settings
        this.#reporter = reporter
        const { reply, push, maxRate } = settings
        const bucket = maxRate ? new TokenBucket(maxRate) : undefined
        const pass = injectFaults(settings.faults, this)
        ws.on("ping", data => {
            if (bucket && !bucket.take()) return this.#tooFast()
            if (!settings.faults.noPong) this.#pong(data)
        })
        ws.on("message", (data, isBinary) => {
            if (bucket && !bucket.take()) return this.#tooFast()
            const message: Message = isBinary
                ? { type: "binary", data: data as Buffer }
                : { type: "text", data: data.toString() }
            if (reporter.wants("message"))
                reporter.report({ event: "message", ...message })
            this.received++
            const answer = reply?.(message)
            if (!answer) return
            this.#gather()
            pass(answer)
        })
        ws.on("pong", () => this.#ponged())
        ws.on("error", error => {
            this.failures++
            reporter.report({ event: "failure", reason: error.message })
        })
        if (push) ws.once("close", startPush(push, this))
        // a peer that sends no more may still leave its replies unread
        socket.on("end", () => socket.setTimeout(settings.stallTimeout))
        socket.on("timeout", () => this.#stalled())
        this.closed = new Promise(resolve =>
            ws.on("close", (code, reason) => {
                reporter.report({
                    event: "close",
                    code,
                    reason: reason.toString(),
                    sent: ws.sent,
                })
                resolve()
            })
        )
    }

    /** Bytes of replies that wait for the client, and what they take besides. */
    get buffered(): number {
        return this.#ws.bufferedAmount + this.#waiting * WEIGHT
    }

    /** Bytes that came in, its handshake and frames included. */
    get bytesRead(): number {
        return this.#socket.bytesRead
    }

    /** Bytes that went out, likewise. */
    get bytesWritten(): number {
        return this.#socket.bytesWritten
    }

    /** Sends a message, unless the connection is closing. */
    send(message: Message): void {
        if (this.#ws.readyState !== WebSocket.OPEN) return
        const binary = message.type === "binary"
        this.#waiting++
        this.#ws.send(message.data, { binary }, this.#onWritten)
        this.sent++
        if (this.#reporter.wants("reply"))
            this.#reporter.report({ event: "reply", ...message })
        this.#bound()
    }

    /** Starts the closing handshake; the server's close timeout ends it. */
    close(code: number, reason?: string): void {
        this.#ws.close(code, reason)
    }

    /** Drops the connection without a closing handshake. */
    terminate(): void {
        this.#ws.terminate()
    }

    /** Asks for a pong; to be called again when it is due. */
    heartbeat(): void {
        if (!this.#ws.canPing) return
        // behind unread replies a ping would measure the queue; stallTimeout watches that
        if (this.#ws.isPaused || this.#ws.readyState !== WebSocket.OPEN) return
        if (this.#pingedAt !== undefined)
            return this.#fail("did not answer a ping in time")
        this.#pingedAt = performance.now()
        this.#ws.ping()
    }

    /** Answers a ping; who does not read the pongs is treated as who does not read replies. */
    #pong(data: Buffer): void {
        if (this.#ws.readyState !== WebSocket.OPEN) return
        this.#gather()
        this.#waiting++
        this.#ws.pong(data, false, this.#onPonged)
        this.#bound()
    }

    #ponged(): void {
        if (this.#pingedAt === undefined) return
        this.roundTrip = performance.now() - this.#pingedAt
        this.pongs++
        this.#pingedAt = undefined
    }

    /** Sends the replies to all messages that arrived together in one piece: a system call costs more than a reply. */
    #gather(): void {
        if (this.#gathering) return
        this.#gathering = true
        this.#socket.cork()
        process.nextTick(() => {
            this.#gathering = false
            this.#socket.uncork()
        })
    }

    #bound(): void {
        const { buffered } = this
        const { maxBuffered, hardLimit } = this.#settings
        if (buffered > hardLimit)
            this.#fail(
                `did not read its replies: ${buffered} bytes wait, at most ${hardLimit} may`
            )
        else if (buffered > maxBuffered) this.#pause()
    }

    #pause(): void {
        if (this.#ws.isPaused) return
        this.#ws.pause()
        // Node counts a partly flushed write as activity, so this measures progress and not size
        this.#socket.setTimeout(this.#settings.stallTimeout)
        this.#reporter.report({ event: "pause", buffered: this.buffered })
    }

    #written(): void {
        this.#settings.written?.()
        this.#freed()
    }

    #freed(): void {
        this.#waiting--
        // Node calls a write that was under way when its socket was destroyed a success
        if (this.#socket.destroyed || !this.#ws.isPaused) return
        if (this.#muted) return
        if (this.buffered > this.#settings.maxBuffered / 2) return
        this.#pingedAt = undefined
        this.#socket.setTimeout(0)
        this.#ws.resume()
        this.#reporter.report({ event: "resume", buffered: this.buffered })
    }

    #tooFast(): void {
        if (this.#ws.readyState !== WebSocket.OPEN) return
        const { maxRate } = this.#settings
        this.failures++
        this.#reporter.report({
            event: "failure",
            reason: `sent more than ${maxRate} messages a second`,
        })
        this.close(1008, "too many messages")
        // what it sends on is not worth the time to read; the close timeout ends it
        this.#muted = true
        this.#ws.pause()
    }

    #stalled(): void {
        this.#fail(
            `did not read its replies: ${this.buffered} bytes wait, none taken for ${this.#settings.stallTimeout} ms`
        )
    }

    #fail(reason: string): void {
        this.failures++
        this.#reporter.report({ event: "failure", reason })
        this.terminate()
    }
}
