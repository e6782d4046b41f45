import { millis } from "@devicescript/core"
import { Signal } from "../../signal"
import { StreamError } from "../stream"
import {
    FRAME_HEADER,
    setHeader,
    setU16,
    socketBlock,
    u16,
    W5500,
} from "./w5500"

/** @see W5500 datasheet 1.1.0, 3.2 and 4.2: socket registers */
const W5500_SN_MR = 0x00
const W5500_SN_CR = 0x01
const W5500_SN_IR = 0x02
const W5500_SN_SR = 0x03
const W5500_SN_PORT = 0x04
const W5500_SN_DHAR = 0x06
const W5500_SN_DIPR = 0x0c
const W5500_SN_TX_FSR = 0x20
const W5500_SN_TX_WR = 0x24
const W5500_SN_RX_RSR = 0x26
const W5500_SN_RX_RD = 0x28
const W5500_SN_RX_WR = 0x2a
const W5500_SN_KPALVTR = 0x2f

const W5500_SN_CR_OPEN = 0x01
const W5500_SN_CR_CONNECT = 0x04
const W5500_SN_CR_DISCON = 0x08
const W5500_SN_CR_CLOSE = 0x10
const W5500_SN_CR_SEND = 0x20
const W5500_SN_CR_RECV = 0x40

const W5500_SN_IR_TIMEOUT = 0x08
const W5500_SN_IR_SENDOK = 0x10

export const W5500_SN_MR_TCP = 0x21 // with ND: acknowledge at once
export const W5500_SN_MR_UDP = 0x02

export const W5500_SOCK_CLOSED = 0x00
export const W5500_SOCK_INIT = 0x13
export const W5500_SOCK_ESTABLISHED = 0x17
export const W5500_SOCK_CLOSE_WAIT = 0x1c
export const W5500_SOCK_UDP = 0x22

/** MR to RX_WR: all that a poll looks at. */
const SNAPSHOT = W5500_SN_RX_WR + 2
/** Milliseconds in which the chip takes a command; it needs microseconds. */
const COMMAND_TIMEOUT = 500

/** The registers of a socket in one transaction; used by the one fiber that polls. */
const snapshot = Buffer.alloc(FRAME_HEADER + SNAPSHOT)

/**
 * One of the chip's eight sockets.
 *
 * It is watched by level, not by interrupt bits: every poll reads state and counters together, so nothing is lost when an
 * event falls between two polls, and a chip that was reset is noticed by its mode register.
 */
export class ChipSocket {
    /** Sn_SR of the last poll. */
    state = W5500_SOCK_CLOSED
    /** Bytes in the receive buffer that were not read yet. */
    received = 0
    /** Bytes that the transmit buffer takes, at least. */
    free = 0
    /** A SEND command is under way. */
    sending = false
    /** Why the socket is closed. */
    lost = ""
    /** Local port. */
    port = 0
    /** Sn_IR[TIMEOUT]: ARP or the peer did not answer. */
    timedOut = false
    /** Raised whenever something above changes. */
    readonly changed = new Signal()
    /** Somebody has the socket. */
    claimed = false
    /** After this moment a socket that nobody needs any more is closed by force. */
    lingers = 0

    /** What Sn_MR was set to; 0 while closed. */
    private mode = 0
    private readonly block: number
    private busy = false
    private readonly idle = new Signal()
    private synced = false
    private unsettled = false
    private readPointer = 0
    private writePointer = 0
    private lastFree = -1
    private lastReceived = -1
    private readonly byteFrame = Buffer.alloc(FRAME_HEADER + 1)
    private readonly wordFrame = Buffer.alloc(FRAME_HEADER + 2)

    constructor(
        private readonly chip: W5500,
        readonly n: number
    ) {
        this.block = socketBlock(n)
    }

    /** Several transactions that belong together; the poll keeps away meanwhile. */
    private async enter() {
        while (this.busy) await this.idle.wait()
        this.busy = true
    }

    private leave() {
        this.busy = false
        if (this.idle.waiting) this.idle.raise()
    }

    /**
     * Waits for a change.
     * @param deadline in terms of `millis()`; undefined: none
     * @returns false when it has passed
     */
    async wait(deadline: number): Promise<boolean> {
        if (deadline === undefined) return await this.changed.wait()
        const left = deadline - millis()
        if (left <= 0) return false
        await this.changed.wait(left)
        return true
    }

    /** Opens the socket with a local port. */
    async open(mode: number, port: number, keepAlive = 0) {
        this.forget()
        this.port = port
        await this.enter()
        try {
            await this.setByte(W5500_SN_MR, mode)
            await this.setByte(W5500_SN_IR, 0xff)
            await this.setByte(W5500_SN_KPALVTR, keepAlive)
            await this.setWord(W5500_SN_PORT, port)
            await this.command(W5500_SN_CR_OPEN)
        } finally {
            this.leave()
        }
        this.mode = mode
    }

    private forget() {
        this.state = W5500_SOCK_INIT
        this.received = 0
        this.free = 0
        this.sending = false
        this.timedOut = false
        this.lost = ""
        this.lingers = 0
        this.synced = false
        this.unsettled = false
        this.lastFree = -1
        this.lastReceived = -1
    }

    /** Sets Sn_DIPR and Sn_DPORT. */
    async setPeer(ip: Buffer, port: number) {
        const peer = Buffer.alloc(6)
        peer.blitAt(0, ip, 0, 4)
        setU16(peer, 4, port)
        await this.chip.write(this.block, W5500_SN_DIPR, peer)
    }

    /** Whether ARP found the peer, or the router to it: Sn_DHAR is not all ones any more. */
    async hasHardwareAddress(): Promise<boolean> {
        const address = await this.chip.read(this.block, W5500_SN_DHAR, 6)
        return address.toString("hex") !== "ffffffffffff"
    }

    async connect() {
        await this.enter()
        try {
            await this.command(W5500_SN_CR_CONNECT)
        } finally {
            this.leave()
        }
    }

    /** Sends FIN; the chip goes on by itself. */
    async disconnect() {
        await this.enter()
        try {
            await this.command(W5500_SN_CR_DISCON)
        } finally {
            this.leave()
        }
    }

    /** Back to SOCK_CLOSED at once. */
    async abort(why: string) {
        await this.enter()
        try {
            this.mode = 0
            await this.command(W5500_SN_CR_CLOSE)
        } finally {
            this.leave()
        }
        this.lose(why)
    }

    /** The socket is closed, whoever did it. */
    lose(why: string) {
        this.lost = why
        this.mode = 0
        this.state = W5500_SOCK_CLOSED
        this.received = 0
        this.sending = false
        this.lingers = 0
        this.changed.raise()
    }

    /** Reads from the receive buffer, inside `take`. */
    async read(length: number): Promise<Buffer> {
        const frame = Buffer.alloc(FRAME_HEADER + length)
        setHeader(frame, this.block + 2, this.readPointer, false)
        await this.chip.bus.exchange(frame)
        this.readPointer = (this.readPointer + length) & 0xffff
        this.received -= length
        return frame.slice(FRAME_HEADER)
    }

    /** Skips the rest of the receive buffer, inside `take`. */
    skip() {
        this.readPointer = (this.readPointer + this.received) & 0xffff
        this.received = 0
    }

    /**
     * Takes data out of the receive buffer; the chip then widens the window.
     * @param work calls `read`, once or several times
     */
    async take(work: () => Promise<Buffer>): Promise<Buffer> {
        await this.enter()
        try {
            const data = await work()
            if (this.mode) await this.release()
            return data
        } finally {
            this.leave()
        }
    }

    private async release() {
        this.lastReceived = -1
        await this.setWord(W5500_SN_RX_RD, this.readPointer)
        await this.command(W5500_SN_CR_RECV)
    }

    /** Copies a piece into the transmit buffer, behind what is there; `send` lets it go. */
    async put(data: Buffer, from: number, length: number) {
        const frame = Buffer.alloc(FRAME_HEADER + length)
        setHeader(frame, this.block + 1, this.writePointer, true)
        frame.blitAt(FRAME_HEADER, data, from, length)
        await this.chip.bus.exchange(frame)
        this.writePointer = (this.writePointer + length) & 0xffff
        this.free -= length
    }

    /** Transmits what was put; wait until `sending` is over before the next one. */
    async send() {
        await this.enter()
        try {
            this.sending = true
            this.chip.stirred = true
            this.lastFree = -1
            await this.setWord(W5500_SN_TX_WR, this.writePointer)
            await this.command(W5500_SN_CR_SEND)
        } finally {
            this.leave()
        }
    }

    /**
     * Reads state and counters.
     * @returns whether something changed or has to be read again
     */
    async poll(): Promise<boolean> {
        if (this.busy || !this.mode) return false
        setHeader(snapshot, this.block, W5500_SN_MR, false)
        await this.chip.bus.exchange(snapshot)
        // what was read while somebody else began to work on the socket is out of date
        if (this.busy || !this.mode) return true
        if (snapshot[FRAME_HEADER] !== this.mode) {
            this.lose("the chip was reset")
            return true
        }
        if (snapshot[FRAME_HEADER + W5500_SN_CR]) return true
        this.unsettled = false
        const interrupts = snapshot[FRAME_HEADER + W5500_SN_IR]
        const changed = this.digest(interrupts)
        if (this.sending && interrupts & W5500_SN_IR_SENDOK)
            await this.acknowledge()
        else if (changed) this.changed.raise()
        return changed
    }

    private digest(interrupts: number): boolean {
        const state = snapshot[FRAME_HEADER + W5500_SN_SR]
        let changed = state !== this.state
        this.state = state
        if (interrupts & W5500_SN_IR_TIMEOUT && !this.timedOut)
            changed = this.timedOut = true
        if (state === W5500_SOCK_CLOSED) {
            this.lose(
                this.timedOut ? "the peer does not answer" : "reset by the peer"
            )
            return true
        }
        if (
            state !== W5500_SOCK_ESTABLISHED &&
            state !== W5500_SOCK_CLOSE_WAIT &&
            state !== W5500_SOCK_UDP
        )
            return changed
        if (!this.synced) this.sync()
        if (this.digestFree()) changed = true
        return this.digestReceived() || changed
    }

    /** The chip sets its pointers anew when it connects; from then on they move by our hand only. */
    private sync() {
        this.synced = true
        this.writePointer = u16(snapshot, FRAME_HEADER + W5500_SN_TX_WR)
        this.readPointer = u16(snapshot, FRAME_HEADER + W5500_SN_RX_RD)
    }

    /** A 16-bit counter may change between its bytes: two equal readings count (datasheet 4.2, Sn_TX_FSR). */
    private digestFree(): boolean {
        const free = u16(snapshot, FRAME_HEADER + W5500_SN_TX_FSR)
        if (free !== this.lastFree) {
            this.lastFree = free
            return true
        }
        const unsent =
            this.writePointer - u16(snapshot, FRAME_HEADER + W5500_SN_TX_WR)
        if (free - (unsent & 0xffff) === this.free) return false
        this.free = free - (unsent & 0xffff)
        return true
    }

    /** Sn_RX_RSR is the distance of two pointers, which come with the same snapshot: they are the second reading. */
    private digestReceived(): boolean {
        const received = u16(snapshot, FRAME_HEADER + W5500_SN_RX_RSR)
        const distance =
            u16(snapshot, FRAME_HEADER + W5500_SN_RX_WR) - this.readPointer
        const stable =
            received === (distance & 0xffff) || received === this.lastReceived
        this.lastReceived = received
        if (!stable) return true
        if (received === this.received) return false
        this.received = received
        return true
    }

    /** The last SEND is over: clears what it left in Sn_IR. */
    async acknowledge() {
        await this.enter()
        try {
            await this.setByte(
                W5500_SN_IR,
                W5500_SN_IR_SENDOK | W5500_SN_IR_TIMEOUT
            )
            this.sending = false
            this.timedOut = false
        } finally {
            this.leave()
        }
        this.changed.raise()
    }

    private async command(code: number) {
        if (this.unsettled) await this.settle()
        await this.setByte(W5500_SN_CR, code)
        this.unsettled = true
    }

    /** Sn_CR reads as 0 when the chip has taken the command. */
    private async settle() {
        const deadline = millis() + COMMAND_TIMEOUT
        const frame = this.byteFrame
        for (;;) {
            setHeader(frame, this.block, W5500_SN_CR, false)
            await this.chip.bus.exchange(frame)
            if (!frame[FRAME_HEADER]) break
            if (millis() > deadline)
                throw new StreamError(
                    `w5500: socket ${this.n} did not take a command in ${COMMAND_TIMEOUT} ms, Sn_CR reads ${frame[FRAME_HEADER]}`
                )
        }
        this.unsettled = false
    }

    private async setByte(register: number, value: number) {
        const frame = this.byteFrame
        setHeader(frame, this.block, register, true)
        frame[FRAME_HEADER] = value
        await this.chip.bus.exchange(frame)
    }

    private async setWord(register: number, value: number) {
        const frame = this.wordFrame
        setHeader(frame, this.block, register, true)
        setU16(frame, FRAME_HEADER, value)
        await this.chip.bus.exchange(frame)
    }
}
