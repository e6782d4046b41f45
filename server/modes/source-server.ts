import { once } from "node:events"
import { createServer, type Server, type Socket } from "node:net"
import { socketAddressOf } from "../access/client-address.ts"
import type { ConnectionQuota } from "../access/connection-quota.ts"
import { listen, type ListenOptions } from "../http/listen.ts"
import type { Publisher } from "../plot/publisher.ts"
import type { Reporter } from "../telemetry/reporter.ts"
import { SourceConnection } from "./source-connection.ts"

const OPTIONS: ListenOptions = { host: "--host", port: "--source-port" }

/** What a server for sources shares with its WebSockets. */
export interface SourceServerOptions {
    publisher: Publisher
    reporter: Reporter
    quota: ConnectionQuota
    /** Milliseconds that a source may take for its name */
    handshakeTimeout: number
}

/**
 * Takes data sources over TCP: the first line is the name, each further one a point `x y`. What is malformed is
 * answered with the number of its line.
 */
export class SourceServer {
    readonly #options: SourceServerOptions
    readonly #server: Server
    readonly #sockets = new Set<Socket>()
    #port = 0

    constructor(options: SourceServerOptions) {
        this.#options = options
        this.#server = createServer({ allowHalfOpen: true }, socket =>
            this.#take(socket)
        )
    }

    /** The port that it listens on. */
    get port(): number {
        return this.#port
    }

    /** @throws ListenError when the port is taken, or host and port cannot be listened on */
    async listen(host: string, port: number): Promise<void> {
        this.#port = await listen(this.#server, host, port, OPTIONS)
    }

    /** Drops all sources; resolves when nothing is left. */
    async close(): Promise<void> {
        if (!this.#server.listening) return
        const closed = once(this.#server, "close")
        this.#server.close()
        for (const socket of this.#sockets) socket.destroy()
        await closed
    }

    #take(socket: Socket): void {
        // what breaks a connection shows as its close
        socket.on("error", () => {})
        const release = this.#options.quota.open(
            socketAddressOf(socket).address
        )
        if (typeof release === "string") return this.#refuse(socket, release)
        this.#sockets.add(socket)
        socket.once("close", () => {
            this.#sockets.delete(socket)
            release()
        })
        new SourceConnection(socket, this.#options)
    }

    #refuse(socket: Socket, limit: "total" | "address"): void {
        const reason =
            limit === "total"
                ? "too many connections"
                : "too many connections from this address"
        const { name } = socketAddressOf(socket)
        this.#options.reporter.report(name, { event: "line", reason })
        socket.end(reason + "\n", () => socket.destroy())
    }
}
