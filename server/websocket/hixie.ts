import { EventEmitter } from "node:events"
import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import websocket, { type Driver } from "websocket-driver"
import { WebSocket } from "ws"
import type { Transport } from "./transport.ts"
import { HixieFrames } from "./hixie-frames.ts"

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

/** Bytes behind the headers of hixie-76, which count into the answer. */
const BODY = 8

/** The end of hixie-76; hixie-75 has none but that of TCP. */
const CLOSING = Buffer.from([0xff, 0x00])

/**
 * The draft that a handshake follows: `hixie-76` has two keys, `hixie-75` neither key nor version, and `WebSocket` in
 * exactly these letters (its section 3.2), so that a handshake which merely lacks its version is not taken for one.
 */
export function hixieVersionOf({
    headers,
}: IncomingMessage): "hixie-75" | "hixie-76" | undefined {
    if (headers["sec-websocket-version"] || headers["sec-websocket-key"])
        return undefined
    if (headers["sec-websocket-key1"] ?? headers["sec-websocket-key2"])
        return "hixie-76"
    return headers.upgrade === "WebSocket" ? "hixie-75" : undefined
}

/** What is wrong with the keys of hixie-76; `undefined`: nothing. */
export function keyProblem({ headers }: IncomingMessage): string | undefined {
    for (const name of ["Sec-WebSocket-Key1", "Sec-WebSocket-Key2"]) {
        const key = headers[name.toLowerCase()]?.toString() ?? ""
        const digits = Number(key.replace(/\D/g, "") || NaN)
        const number = digits / key.replace(/[^ ]/g, "").length
        // draft-hixie-thewebsocketprotocol-76 section 5.2; the driver throws at a number that is too large
        if (!Number.isInteger(number) || number > 0xffffffff)
            return `${name} is ${JSON.stringify(key)}, expected digits that make up a multiple of its spaces`
    }
    return undefined
}

/** The subprotocol that a draft's client asks for: one, by its name. */
export function hixieProtocolOf({ headers }: IncomingMessage): string {
    const name =
        headers["sec-websocket-protocol"] ?? headers["websocket-protocol"]
    return name?.toString() ?? ""
}

/**
 * A WebSocket by draft-hixie-75 or -76: text only, no ping, no close code. Frames of the kind that announces its length
 * are skipped, as the drafts want it, and bytes that are not UTF-8 become U+FFFD. Since nothing can be asked of such a
 * client, TCP's keepalive finds out when its machine has gone.
 *
 * Emits `open` once the handshake is over; the socket ends by itself if that takes too long.
 */
export class HixieTransport extends EventEmitter implements Transport {
    readonly version: "hixie-75" | "hixie-76"
    readonly protocol: string
    readonly canPing = false
    readonly #socket: Socket
    readonly #driver: Driver
    readonly #options: HixieOptions
    #readyState: number = WebSocket.CONNECTING
    #timer: NodeJS.Timeout
    #written?: () => void
    readonly #frames: HixieFrames
    /** Bytes of the handshake that are to come behind its headers */
    #bodyLeft: number
    /** The peer said that it closes */
    #ended = false

    constructor(request: IncomingMessage, options: HixieOptions) {
        super()
        this.#socket = request.socket
        this.#options = options
        this.#driver = driverFor(request, options)
        this.version = this.#driver.version
        this.protocol = options.protocol
        this.#frames = new HixieFrames(options.maxMessage)
        this.#bodyLeft = this.version === "hixie-76" ? BODY : 0
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
    start(head: Buffer): void {
        const socket = this.#socket
        this.#driver.io.on("data", (chunk: Buffer) => this.#write(chunk))
        this.#driver.on("open", () => this.#opened())
        socket.setTimeout(0)
        socket.setNoDelay(true)
        if (this.#options.ping) socket.setKeepAlive(true, this.#options.ping)
        socket.on("data", chunk => this.#receive(chunk))
        socket.on("end", () => socket.end())
        socket.on("error", () => socket.destroy())
        socket.once("close", () => this.#closed())
        this.#driver.start()
        if (head.length) this.#receive(head)
    }

    send(
        data: string | Buffer,
        { binary }: { binary: boolean },
        written: () => void
    ): void {
        if (binary) return this.#fail(`${this.version} has no binary messages`)
        this.#written = written
        this.#driver.text(data.toString())
        this.#written = undefined
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

    #opened(): void {
        clearTimeout(this.#timer)
        this.#readyState = WebSocket.OPEN
        this.emit("open")
    }

    #receive(chunk: Buffer): void {
        const body = chunk.subarray(0, this.#bodyLeft)
        this.#bodyLeft -= body.length
        if (body.length) this.#driver.parse(body)
        for (const piece of this.#frames.pieces(chunk.subarray(body.length))) {
            if (this.#readyState > WebSocket.CLOSING) return
            if (piece.kind === "toolong")
                return this.#fail("Max payload size exceeded")
            if (piece.kind === "closing") this.#peerCloses()
            else if (this.#readyState === WebSocket.OPEN)
                this.emit("message", piece.text, false)
        }
    }

    #write(chunk: Buffer): void {
        this.#socket.write(chunk, this.#written)
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

/** The driver sees what it needs of the request: it would believe headers that only a proxy may set. */
function driverFor(request: IncomingMessage, options: HixieOptions): Driver {
    const names = [
        ...["connection", "upgrade", "host", "origin"],
        ...["sec-websocket-key1", "sec-websocket-key2"],
    ]
    const url = request.url?.replace(/^https?:\/\/[^/?]*/i, "") || "/"
    const headers = Object.fromEntries(
        names.map(name => [name, request.headers[name]?.toString()])
    )
    const { secure, protocol, maxMessage } = options
    const driver = websocket.http(
        { method: "GET", url, headers, socket: { secure } },
        { maxLength: maxMessage }
    )
    const name =
        driver.version === "hixie-76"
            ? "Sec-WebSocket-Protocol"
            : "WebSocket-Protocol"
    if (protocol) driver.setHeader(name, protocol)
    return driver
}
