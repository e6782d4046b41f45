import { deadlineIn, waitUntil } from "../../fiber/deadline"
import { StreamError } from "../stream"
import { u16 } from "../byte-order"
import { W5500_SN_MR_UDP, W5500_SOCK_CLOSED, W5500_SOCK_UDP } from "./registers"
import {
    abort,
    hardwareAddress,
    openSocket,
    roomFor,
    setPeer,
    Socket,
    take,
    transmit,
} from "./socket"

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
    constructor(private readonly socket: Socket) {}

    async open(port: number) {
        const { socket } = this
        await openSocket(socket, W5500_SN_MR_UDP, port)
        const deadline = deadlineIn(SEND_TIMEOUT)
        while (socket.state !== W5500_SOCK_UDP || !socket.free)
            if (
                socket.state === W5500_SOCK_CLOSED ||
                !(await waitUntil(socket.writable, deadline))
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
        const deadline = deadlineIn(SEND_TIMEOUT)
        const { length } = data
        await setPeer(socket, ip, port)
        while (socket.free < roomFor(socket, length))
            await this.waitToSend(deadline)
        await transmit(socket, data, 0, length)
        while (socket.sending) {
            if (socket.timedOut) {
                socket.sending = false
                return false
            }
            await this.waitToSend(deadline)
        }
        return true
    }

    private async waitToSend(deadline: number) {
        const { state, lost, writable } = this.socket
        if (state !== W5500_SOCK_UDP)
            throw new StreamError(`w5500: UDP: ${lost}`)
        if (!(await waitUntil(writable, deadline)))
            throw new StreamError("w5500: UDP: the chip does not send")
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
            if (!(await waitUntil(socket.readable, deadline))) return undefined
        }
        const from = await take(socket, HEADER)
        const length = u16(from, 6)
        // a header that does not fit what is there: start afresh behind it
        const sound = length <= socket.received
        const data = await take(socket, sound ? length : socket.received)
        return { ip: from.slice(0, 4), port: u16(from, 4), data }
    }

    /** Who answered ARP for the last `send`: the receiver, or the router on the way to it. */
    async hardwareAddress(): Promise<Buffer> {
        return await hardwareAddress(this.socket)
    }

    async close() {
        const { socket } = this
        try {
            if (socket.state !== W5500_SOCK_CLOSED)
                await abort(socket, "closed")
        } finally {
            socket.claimed = false
        }
    }
}
