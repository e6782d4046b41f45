import { millis } from "../../fiber/clock"
import { randomBuffer } from "@devicescript/crypto"
import { StreamError } from "../stream"
import { u16 } from "../byte-order"
import { W5500_SOCK_CLOSED } from "./registers"
import { poll } from "./poll"
import { abort, lose, Socket } from "./socket"
import { SOCKETS, W5500 } from "./w5500"

/** The chip's sockets that were used so far; nothing is kept for the others. */
export class Sockets {
    private readonly used: Socket[] = []

    constructor(private readonly chip: W5500) {}

    /** A free socket: the last one for UDP, the first one for TCP; if need be, one whose connection is still ending. */
    async claim(last: boolean): Promise<Socket> {
        let ending: Socket
        for (let i = 0; i < SOCKETS; ++i) {
            const socket = this.socket(last ? SOCKETS - 1 - i : i)
            if (socket.claimed) continue
            if (socket.state === W5500_SOCK_CLOSED) {
                socket.claimed = true
                return socket
            }
            ending = ending || socket
        }
        if (!ending)
            throw new StreamError(
                `w5500: all ${SOCKETS} sockets of the chip are in use`
            )
        ending.claimed = true
        await abort(ending, "closed")
        return ending
    }

    private socket(n: number): Socket {
        for (const socket of this.used) if (socket.n === n) return socket
        const socket = new Socket(this.chip, n)
        this.used.push(socket)
        return socket
    }

    /** A dynamic port (RFC 6335, 6) that no other socket has, hard to guess (RFC 6056). */
    localPort(): number {
        let port = 0
        while (!port || this.isTaken(port))
            port = 0xc000 | u16(randomBuffer(2), 0)
        return port
    }

    private isTaken(port: number): boolean {
        return !!this.used.find(socket => socket.port === port)
    }

    /** @returns whether somebody was woken */
    async poll(): Promise<boolean> {
        let woken = false
        for (const socket of this.used) {
            if (socket.lingers && millis() > socket.lingers && !socket.claimed)
                await abort(socket, "closed")
            if (await poll(socket)) woken = true
        }
        return woken
    }

    /** Ends every connection. */
    async abortAll(why: string) {
        for (const socket of this.used)
            if (socket.state !== W5500_SOCK_CLOSED) await abort(socket, why)
    }

    /** Every connection has ended. */
    loseAll(why: string) {
        for (const socket of this.used) lose(socket, why)
    }
}
