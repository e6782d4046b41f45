import { millis } from "@devicescript/core"
import { Stream, StreamError } from "../stream"
import {
    W5500_SN_CR_CONNECT,
    W5500_SN_CR_DISCON,
    W5500_SN_MR_TCP,
    W5500_SOCK_CLOSE_WAIT,
    W5500_SOCK_CLOSED,
    W5500_SOCK_ESTABLISHED,
} from "./registers"
import { ChipSocket } from "./socket"

/** Largest piece per SPI transaction: one TCP segment (datasheet 4.2, Sn_MSSR). */
const PIECE = 1460
/** Units of 5 s (datasheet 4.2, Sn_KPALVTR): a silent peer is asked for a sign of life after a minute. */
const KEEP_ALIVE = 12
/** Milliseconds after which a peer that keeps its window closed is given up. */
const STALL_TIMEOUT = 60000
/** Milliseconds that the chip may take for FIN and its acknowledgement before the socket is taken from it. */
const LINGER = 3000

/** One TCP connection in one of the chip's sockets. */
export class TcpStream implements Stream {
    private closed = false
    private unsent = 0

    constructor(
        private readonly socket: ChipSocket,
        private readonly name: string
    ) {}

    /**
     * Connects.
     * @param deadline in terms of `millis()`
     * @throws StreamError that tells whether the host, the port or the network is to blame
     */
    async connect(
        ip: Buffer,
        port: number,
        localPort: number,
        deadline: number
    ) {
        const { socket } = this
        await socket.open(W5500_SN_MR_TCP, localPort, KEEP_ALIVE)
        await socket.setPeer(ip, port)
        await socket.order(W5500_SN_CR_CONNECT)
        while (!this.usable()) {
            if (socket.state === W5500_SOCK_CLOSED)
                throw await this.connectError()
            if (!(await socket.wait(deadline)))
                throw this.error("no connection before the timeout")
        }
    }

    private usable() {
        const { state } = this.socket
        return (
            state === W5500_SOCK_ESTABLISHED || state === W5500_SOCK_CLOSE_WAIT
        )
    }

    private async connectError() {
        const { socket } = this
        if (!socket.timedOut)
            return this.error(
                socket.lost === "reset by the peer"
                    ? "connection refused"
                    : socket.lost
            )
        return this.error(
            (await socket.hardwareAddress()).toString("hex") !== "ffffffffffff"
                ? "no answer: host down, or a firewall drops the packets"
                : "unreachable: neither the host nor a router answers ARP"
        )
    }

    async send(data: Buffer): Promise<void> {
        const { socket } = this
        let at = 0
        let deadline = millis() + STALL_TIMEOUT
        while (at < data.length || this.unsent) {
            this.checkOpen()
            const length = Math.min(
                // Math.min takes two numbers here, and drops the rest
                Math.min(socket.free, PIECE),
                data.length - at
            )
            if (this.unsent && !socket.sending) {
                this.unsent = 0
                await socket.send()
            } else if (length > 0) {
                await socket.put(data, at, length)
                at += length
                this.unsent += length
            } else if (await socket.wait(deadline)) continue
            else
                throw this.error(
                    `the peer took no data for ${STALL_TIMEOUT / 1000} s`
                )
            deadline = millis() + STALL_TIMEOUT
        }
    }

    private checkOpen() {
        if (this.closed) throw this.error("closed")
        if (!this.usable()) throw this.error(this.socket.lost || "closed")
    }

    async recv(timeout?: number): Promise<Buffer> {
        const { socket } = this
        const deadline = timeout === undefined ? undefined : millis() + timeout
        for (;;) {
            if (this.closed) return null
            if (socket.received) {
                const data = await socket.take(PIECE)
                if (data.length) return data
            } else if (socket.state === W5500_SOCK_CLOSE_WAIT) return null
            else if (socket.state === W5500_SOCK_CLOSED)
                throw this.error(socket.lost)
            else if (!(await socket.wait(deadline))) return undefined
        }
    }

    async close(): Promise<void> {
        if (this.closed) return
        this.closed = true
        const { socket } = this
        try {
            if (this.usable()) {
                socket.lingers = millis() + LINGER
                await socket.order(W5500_SN_CR_DISCON)
            } else if (socket.state !== W5500_SOCK_CLOSED)
                await socket.abort("closed")
        } catch {
            // The chip does not take commands: the poll finds that out, and starts it anew.
        } finally {
            socket.claimed = false
            socket.changed.notify()
        }
    }

    private error(what: string) {
        return new StreamError(`w5500: ${this.name}: ${what}`)
    }
}
