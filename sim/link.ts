/** Carries the VM's socket to the real network, as the firmware does it. */
import { connect as connectTcp, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions } from "node:tls"
import type { Carrier, SocketEvent } from "./carrier.ts"

export interface LinkOptions {
    /** Longest piece of received data that the program gets at once, in bytes. Default 1,460: one TCP segment. */
    piece?: number
    /** Deliver what came at once and in pieces of up to 64 KB, as the stock simulator does, instead of only to an idle VM. */
    burst?: boolean
    /** TLS: the certificates to trust besides Node's, and whether to verify at all. */
    tls?: Pick<ConnectionOptions, "ca" | "rejectUnauthorized">
}

/** One TCP or TLS connection. */
export class Connection implements Carrier {
    private readonly socket: Socket
    private readonly events: SocketEvent[] = []
    private readonly received: Buffer[] = []
    private connected = false
    private over = false

    /** @param wake called when there is something for the program */
    constructor(
        host: string,
        port: number,
        secure: boolean,
        private readonly options: LinkOptions,
        private readonly wake: () => void
    ) {
        const name = `${secure ? "tls" : "tcp"}://${host}:${port}`
        this.socket = secure
            ? connectTls({ host, port, servername: host, ...options.tls })
            : connectTcp({ host, port })
        this.socket.setNoDelay(true)
        this.socket.once(secure ? "secureConnect" : "connect", () => {
            this.connected = true
            this.report({ type: "open" })
        })
        this.socket.on("data", bytes => this.receive(bytes))
        this.socket.on("end", () => this.finish({ type: "close" }))
        this.socket.on("error", error =>
            this.finish({ type: "error", text: `${name}: ${error.message}` })
        )
        this.socket.on("close", () => this.finish({ type: "close" }))
    }

    private report(event: SocketEvent) {
        this.events.push(event)
        this.wake()
    }

    private receive(bytes: Buffer) {
        if (this.over) return
        this.received.push(bytes)
        this.wake()
        if (this.received.length) this.socket.pause()
    }

    private finish(event: SocketEvent) {
        if (this.over) return
        this.over = true
        this.connected = false
        this.socket.destroy()
        this.report(event)
    }

    write(bytes: Uint8Array): number {
        if (!this.connected) return -10
        this.socket.write(bytes)
        return 0
    }

    next(idle: boolean): SocketEvent | undefined {
        if (!idle && !this.options.burst) return undefined
        if (this.events[0]?.type === "open") return this.events.shift()
        const bytes = this.piece()
        return bytes ? { type: "data", bytes } : this.events.shift()
    }

    private piece(): Buffer | undefined {
        const first = this.received[0]
        if (!first) return undefined
        const size = this.options.burst ? 65536 : (this.options.piece ?? 1460)
        if (first.length > size) {
            this.received[0] = first.subarray(size)
            return first.subarray(0, size)
        }
        this.received.shift()
        if (!this.received.length) this.socket.resume()
        return first
    }

    close() {
        this.over = true
        this.connected = false
        this.socket.destroySoon()
    }
}
