import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { FrameCounter } from "./frame-counter.ts"
import type { Exchange } from "./frames.ts"

const HANDSHAKE_END = "\r\n\r\n"

/** What a client does. */
export interface ClientOptions {
    port: number
    path: string
    exchange: Exchange
    /** Messages on the way at a time */
    depth: number
    /** Told of the replies as they come: how many, and the milliseconds that each took */
    onReply: (milliseconds: number) => void
}

/**
 * Opens a WebSocket by hand: the cheapest client there can be.
 * @param headers further lines of the request
 * @throws Error when the server refuses
 */
export async function openSocket(
    port: number,
    path: string,
    from?: string,
    headers = ""
): Promise<Socket> {
    const socket = connect({
        port,
        host: "127.0.0.1",
        localAddress: from,
        noDelay: true,
    })
    socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`
    )
    let answer = ""
    while (!answer.includes(HANDSHAKE_END)) {
        const [chunk] = await once(socket, "data")
        answer += (chunk as Buffer).toString("latin1")
    }
    if (!answer.startsWith("HTTP/1.1 101 ") || !answer.endsWith(HANDSHAKE_END))
        throw new Error(`expected a bare 101, got ${answer.slice(0, 100)}`)
    socket.once("end", () => {
        throw new Error("the server ended a connection")
    })
    return socket
}

/** Keeps `depth` messages on the way, and checks the replies. */
export class Client {
    readonly #socket: Socket
    readonly #exchange: Exchange
    readonly #requests: Buffer
    readonly #onReply: (milliseconds: number) => void
    /** When each message on the way was sent, the oldest at `#next` */
    readonly #sentAt: Float64Array
    #next = 0

    constructor(socket: Socket, { exchange, depth, onReply }: ClientOptions) {
        this.#socket = socket
        this.#exchange = exchange
        this.#onReply = onReply
        this.#requests = Buffer.concat(Array(depth).fill(exchange.request))
        this.#sentAt = new Float64Array(depth)
        new FrameCounter(socket, exchange.reply, depth, count =>
            this.#again(count)
        )
    }

    static async open(options: ClientOptions): Promise<Client> {
        return new Client(await openSocket(options.port, options.path), options)
    }

    /** Sends the first messages. */
    start(): void {
        this.#sentAt.fill(performance.now())
        this.#socket.write(this.#requests)
    }

    stop(): void {
        this.#socket.destroy()
    }

    #again(count: number): void {
        const now = performance.now()
        const sentAt = this.#sentAt
        for (let i = 0; i < count; ++i) {
            this.#onReply(now - sentAt[this.#next])
            sentAt[this.#next] = now
            this.#next = (this.#next + 1) % sentAt.length
        }
        this.#socket.write(
            this.#requests.subarray(0, count * this.#exchange.request.length)
        )
    }
}
