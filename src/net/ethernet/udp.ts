import { millis } from "@devicescript/core"
import { StreamError } from "../stream"
import { u16 } from "./ip"
import { W5500_SN_MR_UDP, W5500_SOCK_CLOSED, W5500_SOCK_UDP } from "./registers"
import { ChipSocket } from "./socket"

/** In front of every datagram in the receive buffer: address, port and length (https://docs.wiznet.io/Product/iEthernet/W5500/Application/udp). */
const HEADER = 8
/** Milliseconds in which the chip sends a datagram, ARP included (1.8 s with its default RTR and RCR). */
const SEND_TIMEOUT = 3000

/** A received datagram. */
export interface Datagram {
    ip: Buffer
    port: number
    data: Buffer
}

/** One of the chip's sockets, open for UDP. */
export class UdpSocket {
    constructor(private readonly socket: ChipSocket) {}

    async open(port: number) {
        const { socket } = this
        await socket.open(W5500_SN_MR_UDP, port)
        const deadline = millis() + SEND_TIMEOUT
        while (socket.state !== W5500_SOCK_UDP || !socket.free)
            if (
                socket.state === W5500_SOCK_CLOSED ||
                !(await socket.wait(deadline))
            )
                throw new StreamError(
                    `w5500: UDP port ${port} does not open: ${socket.lost}`
                )
    }

    /**
     * Sends one datagram.
     * @returns false when nobody has the address (ARP timeout)
     * @throws StreamError when the chip does not do it
     */
    async send(ip: Buffer, port: number, data: Buffer): Promise<boolean> {
        const { socket } = this
        const deadline = millis() + SEND_TIMEOUT
        await socket.setPeer(ip, port)
        await socket.put(data, 0, data.length)
        await socket.send()
        while (socket.sending) {
            if (socket.state !== W5500_SOCK_UDP)
                throw new StreamError(`w5500: UDP: ${socket.lost}`)
            if (socket.timedOut) {
                await socket.acknowledge()
                return false
            }
            if (!(await socket.wait(deadline)))
                throw new StreamError("w5500: UDP: the chip does not send")
        }
        return true
    }

    /**
     * Waits for a datagram.
     * @param deadline in terms of `millis()`
     * @returns undefined when none came in time
     */
    async recv(deadline: number): Promise<Datagram> {
        const { socket } = this
        while (socket.received <= HEADER) {
            if (socket.state !== W5500_SOCK_UDP)
                throw new StreamError(`w5500: UDP: ${socket.lost}`)
            if (!(await socket.wait(deadline))) return undefined
        }
        const from = await socket.take(HEADER)
        const length = u16(from, 6)
        // a header that does not fit what is there: start afresh behind it
        const sound = length <= socket.received
        const data = await socket.take(sound ? length : socket.received)
        return { ip: from.slice(0, 4), port: u16(from, 4), data }
    }

    async close() {
        const { socket } = this
        try {
            if (socket.state !== W5500_SOCK_CLOSED) await socket.abort("closed")
        } finally {
            socket.claimed = false
        }
    }
}
