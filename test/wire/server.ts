/** A TCP or TLS server that hands its connections out, one at a time. */
import {
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import { createServer as createTlsServer, type TlsOptions } from "node:tls"
import { once } from "./wait.ts"

export class TcpServer {
    private waiting?: (socket: Socket) => void
    private readonly sockets = new Set<Socket>()

    private constructor(
        private readonly server: Server,
        readonly secure: boolean
    ) {
        const ready = secure ? "secureConnection" : "connection"
        server.on("connection", (socket: Socket) => {
            this.sockets.add(socket)
            socket.setNoDelay(true)
            socket.on("error", () => {})
            socket.on("close", () => this.sockets.delete(socket))
        })
        server.on(ready, (socket: Socket) => {
            socket.on("error", () => {})
            const { waiting } = this
            this.waiting = undefined
            if (waiting) waiting(socket)
            else socket.destroy()
        })
    }

    /** Listens on a free port of 127.0.0.1. @param tls by which key or certificate it speaks TLS */
    static async start(tls?: TlsOptions): Promise<TcpServer> {
        const options = { allowHalfOpen: true }
        const server = tls
            ? createTlsServer({ ...options, ...tls })
            : createServer(options)
        server.listen(0, "127.0.0.1")
        await once(server, "listening")
        return new TcpServer(server, tls !== undefined)
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port
    }

    /** The next connection. */
    connection(): Promise<Socket> {
        return new Promise(resolve => (this.waiting = resolve))
    }

    async stop(): Promise<void> {
        this.server.close()
        for (const socket of this.sockets) socket.destroy()
        await once(this.server, "close")
    }
}
