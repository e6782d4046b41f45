import { EventEmitter } from "node:events"
import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { WebSocket } from "ws"
import type { HixieVersion } from "../access/hixie-version.ts"
import { HixieFrames, textFrame } from "./hixie-frames.ts"
import { BODY, handshakeAnswer, signature } from "./hixie-handshake.ts"
import type { Transport, TransportOwner } from "./transport.ts"

/** What a draft's handshake is answered with, and what its connection bears. Times are milliseconds, sizes bytes. */
export interface HixieOptions {
    /** Whether the client reached the server by `wss:` */
    secure: boolean
    /** Agreed on; empty: none */
    protocol: string
    maxMessage: number
    /** Idle time before the system asks whether the peer's machine is there; 0: never */
    ping: number
    handshakeTimeout: number
    closeTimeout: number
}

/** The end of hixie-76; hixie-75 has none but that of TCP. */
const CLOSING = Buffer.from([0xff, 0x00])

/**
 * A WebSocket by draft-hixie-75 or -76: text only, no ping, no close code. Frames of the kind that announces its length
 * are skipped, as the drafts want it, and bytes that are not UTF-8 become U+FFFD. Since nothing can be asked of such a
 * client, TCP's keepalive finds out when its machine has gone.
 *
 * Emits `open` once the handshake is over; the socket ends by itself if that takes too long.
 */
export class HixieTransport extends EventEmitter implements Transport {
    readonly version: HixieVersion
    readonly protocol: string
    readonly takesBinary = false
    readonly takesFrames = false
    readonly canPing = false
    owner?: TransportOwner
    readonly #socket: Socket
    readonly #options: HixieOptions
    #readyState: number = WebSocket.CONNECTING
    #timer: NodeJS.Timeout
    readonly #frames: HixieFrames
    /** The peer said that it closes */
    #ended = false

    constructor(socket: Socket, version: HixieVersion, options: HixieOptions) {
        super()
        this.#socket = socket
        this.#options = options
        this.version = version
        this.protocol = options.protocol
        this.#frames = new HixieFrames(options.maxMessage)
        this.#timer = setTimeout(
            () => this.terminate(),
            options.handshakeTimeout
        )
    }

    get readyState(): number {
        return this.#readyState
    }

    get isPaused(): boolean {
        return this.#socket.isPaused()
    }

    get bufferedAmount(): number {
        return this.#socket.writableLength
    }

    /** Answers the handshake. @param head what came behind its headers */
    start(request: IncomingMessage, head: Buffer): void {
        const socket = this.#socket
        const { ping, secure, protocol } = this.#options
        socket.setTimeout(0)
        socket.setNoDelay(true)
        if (ping) socket.setKeepAlive(true, ping)
        socket.on("end", () => socket.end())
        socket.on("error", () => socket.destroy())
        socket.once("close", () => this.#closed())
        socket.write(handshakeAnswer(request, this.version, secure, protocol))
        if (this.version === "hixie-75") return this.#opened(head)
        let body = Buffer.alloc(0)
        const finish = (chunk: Buffer) => {
            body = Buffer.concat([body, chunk])
            if (body.length < BODY) return
            socket.off("data", finish)
            socket.write(signature(request, body.subarray(0, BODY)))
            this.#opened(body.subarray(BODY))
        }
        socket.on("data", finish)
        finish(head)
    }

    send(
        data: string | Buffer,
        { binary }: { binary: boolean },
        written: () => void
    ): void {
        if (binary) return this.#fail(`${this.version} has no binary messages`)
        this.#socket.write(textFrame(data), written)
    }

    ping(): void {}

    pong(): void {}

    close(): void {
        if (this.#readyState !== WebSocket.OPEN) return
        this.#closing()
        if (this.version === "hixie-76") this.#socket.write(CLOSING)
        else this.#socket.end()
        this.#socket.resume()
    }

    terminate(): void {
        this.#socket.destroy()
    }

    pause(): void {
        this.#socket.pause()
    }

    resume(): void {
        this.#socket.resume()
    }

    #opened(rest: Buffer): void {
        clearTimeout(this.#timer)
        this.#readyState = WebSocket.OPEN
        this.#socket.on("data", chunk => this.#receive(chunk))
        this.emit("open")
        if (rest.length) this.#receive(rest)
    }

    #receive(chunk: Buffer): void {
        for (const piece of this.#frames.pieces(chunk)) {
            if (this.#readyState > WebSocket.CLOSING) return
            if (piece.kind === "too long")
                return this.#fail("Max payload size exceeded")
            if (piece.kind === "closing") this.#peerCloses()
            else if (this.#readyState === WebSocket.OPEN)
                this.emit("message", piece.text, false)
        }
    }

    #peerCloses(): void {
        if (this.version === "hixie-75") return
        this.#ended = true
        if (this.#readyState === WebSocket.OPEN) this.close()
        this.#socket.end()
    }

    #closing(): void {
        this.#readyState = WebSocket.CLOSING
        this.#timer = setTimeout(
            () => this.terminate(),
            this.#options.closeTimeout
        )
    }

    #fail(reason: string): void {
        if (this.#readyState !== WebSocket.OPEN) return
        this.emit("error", new Error(reason))
        this.close()
        this.#socket.end()
    }

    #closed(): void {
        clearTimeout(this.#timer)
        this.#readyState = WebSocket.CLOSED
        this.emit("close", this.#ended ? 1005 : 1006, Buffer.alloc(0))
    }
}
