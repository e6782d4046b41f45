import { millis } from "../../fiber/clock"
import { deadlineIn, waitUntil } from "../../fiber/deadline"
import { notify } from "../../fiber/signal"
import { Stream, StreamError } from "../stream"
import {
    W5500_SN_CR_CONNECT,
    W5500_SN_CR_DISCON,
    W5500_SN_MR_TCP,
    W5500_SOCK_CLOSE_WAIT,
    W5500_SOCK_CLOSED,
    W5500_SOCK_ESTABLISHED,
} from "./registers"
import {
    abort,
    hardwareAddress,
    openSocket,
    order,
    roomFor,
    setPeer,
    Socket,
    take,
    transmit,
} from "./socket"

/** Units of 5 s (datasheet 4.2, Sn_KPALVTR): a silent peer is asked for a sign of life after a minute. */
const KEEP_ALIVE = 12
/** Milliseconds after which a peer that keeps its window closed is given up. */
const STALL_TIMEOUT = 60000
/** Milliseconds that the chip may take for FIN and its acknowledgement before the socket is taken from it. */
const LINGER = 3000

/** One TCP connection in one of the chip's sockets. */
export class TcpStream implements Stream {
    private closed = false

    constructor(
        private readonly socket: Socket,
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
        await openSocket(socket, W5500_SN_MR_TCP, localPort, KEEP_ALIVE)
        await setPeer(socket, ip, port)
        await order(socket, W5500_SN_CR_CONNECT)
        while (!this.usable()) {
            if (socket.state === W5500_SOCK_CLOSED)
                throw await this.connectError()
            if (!(await waitUntil(socket.readable, deadline)))
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
            (await hardwareAddress(socket)).toString("hex") === "ffffffffffff"
                ? "unreachable: neither the host nor a router answers ARP"
                : "no answer: host down, or a firewall drops the packets"
        )
    }

    async send(data: Buffer): Promise<void> {
        const { socket } = this
        let at = 0
        let deadline = millis() + STALL_TIMEOUT
        while (at < data.length) {
            this.checkOpen()
            const length = Math.min(data.length - at, socket.piece)
            if (!socket.sending && socket.free >= roomFor(socket, length)) {
                await transmit(socket, data, at, length)
                at += length
                deadline = millis() + STALL_TIMEOUT
            } else if (!(await waitUntil(socket.writable, deadline)))
                throw this.error(
                    `the peer took no data for ${STALL_TIMEOUT / 1000} s`
                )
        }
    }

    private checkOpen() {
        if (this.closed) throw this.error("closed")
        if (!this.usable()) throw this.error(this.socket.lost || "closed")
    }

    async recv(timeout?: number): Promise<Buffer> {
        const { socket } = this
        const deadline = deadlineIn(timeout)
        for (;;) {
            if (this.closed) return null
            if (socket.received) {
                const data = await take(socket, socket.piece)
                if (data.length) return data
            } else if (socket.state === W5500_SOCK_CLOSE_WAIT) return null
            else if (socket.state === W5500_SOCK_CLOSED)
                throw this.error(socket.lost)
            else if (!(await waitUntil(socket.readable, deadline)))
                return undefined
        }
    }

    async close(): Promise<void> {
        if (this.closed) return
        this.closed = true
        const { socket } = this
        try {
            if (this.usable()) {
                socket.lingers = millis() + LINGER
                await order(socket, W5500_SN_CR_DISCON)
            } else if (socket.state !== W5500_SOCK_CLOSED)
                await abort(socket, "closed")
        } catch {
            // The chip does not take commands: the poll finds that out, and starts it anew.
        } finally {
            socket.claimed = false
            notify(socket.readable)
            notify(socket.writable)
        }
    }

    private error(what: string) {
        return new StreamError(`w5500: ${this.name}: ${what}`)
    }
}
