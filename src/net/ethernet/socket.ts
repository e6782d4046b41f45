import { millis } from "@devicescript/core"
import { Signal } from "../../fiber/signal"
import { setU16, u16 } from "./ip"
import {
    W5500_SN_CR,
    W5500_SN_CR_CLOSE,
    W5500_SN_CR_OPEN,
    W5500_SN_CR_RECV,
    W5500_SN_CR_SEND,
    W5500_SN_DHAR,
    W5500_SN_DIPR,
    W5500_SN_IR,
    W5500_SN_IR_SENDOK,
    W5500_SN_IR_TIMEOUT,
    W5500_SN_KPALVTR,
    W5500_SN_MR,
    W5500_SN_PORT,
    W5500_SN_RX_RD,
    W5500_SN_RX_RSR,
    W5500_SN_RX_WR,
    W5500_SN_SR,
    W5500_SN_TX_FSR,
    W5500_SN_TX_WR,
    W5500_SOCK_CLOSED,
    W5500_SOCK_CLOSE_WAIT,
    W5500_SOCK_ESTABLISHED,
    W5500_SOCK_INIT,
    W5500_SOCK_UDP,
} from "./registers"
import { FRAME_HEADER, headerOf, setHeader, W5500 } from "./w5500"
import { SocketRegisters } from "./socket-registers"

/** MR to RX_WR: all that a poll looks at. */
const SNAPSHOT = W5500_SN_RX_WR + 2
/** Where a snapshot has MR, CR, IR and SR; TX_FSR and TX_RD; RX_RSR and RX_RD. */
const STATUS = FRAME_HEADER
const TX_COUNTERS = FRAME_HEADER + W5500_SN_TX_FSR
const RX_COUNTERS = FRAME_HEADER + W5500_SN_RX_RSR

/** The registers of a socket in one transaction; used by the one fiber that polls. */
const snapshot = Buffer.alloc(FRAME_HEADER + SNAPSHOT)

/**
 * One of the chip's eight sockets. What happens at every poll, piece and message is written out instead of called: in
 * bytecode it is calls that cost.
 *
 * It is watched by level, not by interrupt bits: every poll reads state and counters together, so nothing is lost when an
 * event falls between two polls, and a chip that was reset is noticed by its mode register.
 */
export class ChipSocket extends SocketRegisters {
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
    /** Who works on the socket takes a number; nobody does when the last one was served. */
    private last = 0
    private serving = 0
    private readonly idle = new Signal()
    private synced = false
    private readPointer = 0
    private writePointer = 0
    private lastFree = -1
    private lastReceived = -1
    /** The snapshot that was digested last; status 0: none. */
    private lastStatus = 0
    private lastTx = 0
    private lastRx = 0
    private readonly pollHeader: number
    private readonly readHeader: number
    private readonly writeHeader: number

    constructor(
        private readonly chip: W5500,
        n: number
    ) {
        super(chip.bus, n)
        const { block } = this
        this.pollHeader = headerOf(block, W5500_SN_MR, false)
        this.readHeader = headerOf(block, W5500_SN_RX_RD, true)
        this.writeHeader = headerOf(block, W5500_SN_TX_WR, true)
    }

    /** Several transactions that belong together; the poll keeps away meanwhile. */
    private async enter() {
        const number = this.last++
        while (this.serving !== number) await this.idle.wait()
    }

    private leave() {
        this.serving++
        if (this.idle.fiber) this.idle.notify()
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
            await this.setWord(headerOf(this.block, W5500_SN_PORT, true), port)
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
        this.lastStatus = 0
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

    /** One command: CONNECT, or DISCON, after which the chip goes on by itself. */
    async order(code: number) {
        await this.enter()
        try {
            await this.command(code)
        } finally {
            this.leave()
        }
    }

    /** Back to SOCK_CLOSED at once. */
    async abort(why: string) {
        this.mode = 0
        await this.order(W5500_SN_CR_CLOSE)
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
        this.changed.notify()
    }

    /**
     * Takes data out of the receive buffer; the chip then widens the window.
     * @returns at most `limit` bytes; none when the socket was closed meanwhile
     */
    async take(limit: number): Promise<Buffer> {
        const number = this.last++
        while (this.serving !== number) await this.idle.wait()
        try {
            const length = Math.min(this.received, limit)
            const frame = Buffer.alloc(FRAME_HEADER + length)
            if (length) {
                setHeader(frame, this.block + 2, this.readPointer, false)
                await this.chip.bus.exchange(frame)
                this.readPointer = (this.readPointer + length) & 0xffff
                this.received -= length
                this.lastReceived = -1
                await this.setWord(this.readHeader, this.readPointer)
                await this.command(W5500_SN_CR_RECV)
            }
            return frame.slice(FRAME_HEADER)
        } finally {
            this.leave()
        }
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
        const number = this.last++
        while (this.serving !== number) await this.idle.wait()
        try {
            this.sending = true
            this.chip.stirred = true
            this.lastFree = -1
            await this.setWord(this.writeHeader, this.writePointer)
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
        if (this.last !== this.serving || !this.mode) return false
        snapshot.setAt(0, "u32", this.pollHeader)
        await this.chip.bus.exchange(snapshot)
        const status = snapshot.getAt(STATUS, "i32")
        const free = snapshot.getAt(TX_COUNTERS, "i32")
        const received = snapshot.getAt(RX_COUNTERS, "i32")
        if (
            status === this.lastStatus &&
            free === this.lastTx &&
            received === this.lastRx
        )
            return false
        // what was read while somebody else began to work on the socket is out of date
        if (this.last !== this.serving || !this.mode) return true
        this.lastStatus = 0
        if (snapshot[STATUS] !== this.mode) {
            this.lose("the chip was reset")
            return true
        }
        if (snapshot[STATUS + W5500_SN_CR]) return true
        this.unsettled = false
        const interrupts = snapshot[STATUS + W5500_SN_IR]
        const changed = this.digest(interrupts)
        if (this.sending && interrupts & W5500_SN_IR_SENDOK) {
            await this.acknowledge()
            return true
        }
        if (changed) {
            this.changed.notify()
            return true
        }
        // all is digested: the next poll looks for another picture than this
        this.lastStatus = status
        this.lastTx = free
        this.lastRx = received
        return false
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
        this.changed.notify()
    }
}
