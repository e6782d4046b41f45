import { once } from "node:events"
import { connect, type Socket } from "node:net"
import type { Exchange } from "./frames.ts"

/** An empty Ping of a server, and the masked Pong for it (RFC 6455 section 5.5). */
export const PING = Buffer.from([0x89, 0])
export const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

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

/** Opens a WebSocket by hand: the cheapest client there can be. @throws Error when the server refuses */
export async function openSocket(
    port: number,
    path: string,
    from?: string
): Promise<Socket> {
    const socket = connect({
        port,
        host: "127.0.0.1",
        localAddress: from,
        noDelay: true,
    })
    socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
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

/** Keeps `depth` messages on the way, and compares every byte of the replies. */
export class Client {
    readonly #socket: Socket
    readonly #exchange: Exchange
    readonly #requests: Buffer
    readonly #replies: Buffer
    readonly #onReply: (milliseconds: number) => void
    /** When each message on the way was sent, the oldest at `#next` */
    readonly #sentAt: Float64Array
    #next = 0
    #rest: Buffer = Buffer.alloc(0)

    constructor(socket: Socket, { exchange, depth, onReply }: ClientOptions) {
        this.#socket = socket
        this.#exchange = exchange
        this.#onReply = onReply
        this.#requests = Buffer.concat(Array(depth).fill(exchange.request))
        this.#replies = Buffer.concat(Array(depth).fill(exchange.reply))
        this.#sentAt = new Float64Array(depth)
        socket.on("data", chunk => this.#receive(chunk))
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

    #receive(chunk: Buffer): void {
        const bytes = this.#rest.length
            ? Buffer.concat([this.#rest, chunk])
            : chunk
        const size = this.#exchange.reply.length
        let at = 0
        let count = 0
        while (bytes.length - at >= size || bytes[at] === PING[0]) {
            if (bytes[at] === PING[0]) {
                if (bytes.length - at < PING.length) break
                at += PING.length
                this.#socket.write(PONG)
                continue
            }
            const whole = Math.min(
                this.#sentAt.length,
                Math.floor((bytes.length - at) / size)
            )
            const taken = this.#matching(bytes, at, whole)
            at += taken * size
            count += taken
        }
        this.#rest = bytes.subarray(at)
        if (count) this.#again(count)
    }

    /** @returns how many of `count` replies are there before something else comes, at least 1 */
    #matching(bytes: Buffer, at: number, count: number): number {
        const size = this.#exchange.reply.length
        for (; count > 0; count = count > 1 ? 1 : 0) {
            const length = count * size
            if (!bytes.compare(this.#replies, 0, length, at, at + length))
                return count
        }
        throw new Error(
            `expected the reply ${this.#exchange.reply.toString("hex")}, got ${bytes.toString("hex", at, at + size)}`
        )
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
