/**
 * A model of the WIZnet W5500, written from its datasheet (version 1.0.9): SPI frames, registers, 32 KB of buffers, eight
 * sockets. It knows nothing of who drives its pins; its Ethernet side is a `Lan`.
 *
 * @see https://docs.wiznet.io/Product/iEthernet/W5500/datasheet
 */
import { ChipSocket, type Wiring } from "./socket.ts"
import type { Lan } from "./lan.ts"

/** Common registers that the model gives a meaning to (datasheet 3.1 and 4.1). */
const common = {
    MR: 0x00,
    GAR: 0x01,
    SUBR: 0x05,
    SHAR: 0x09,
    SIPR: 0x0f,
    IR: 0x15,
    IMR: 0x16,
    SIR: 0x17,
    SIMR: 0x18,
    RTR: 0x19,
    RCR: 0x1b,
    PTIMER: 0x1c,
    PMRU: 0x26,
    UIPR: 0x28,
    PHYCFGR: 0x2e,
    VERSIONR: 0x39,
} as const
const COMMON_SIZE = 0x40

/** What a real chip would not do, or only on a bad day. */
export interface Faults {
    /** Content of VERSIONR; 0x04 on every real chip. */
    version?: number
    /** MISO when nothing drives it: every byte reads as this. */
    stuckAt?: number
    /** Every n-th read of a 16-bit counter catches its two bytes at different moments. */
    tearEvery?: number
    /** The chip loses its power for a moment after so many more bytes on the wire. */
    resetAfter?: number
}

export interface W5500Options {
    /** Divides the chip's own times (ARP, retransmission, keep-alive), so that a test need not wait for them. Default 1. */
    pace?: number
    /** Where the buffer pointers start when a TCP connection is made: a real chip gives no promise. Default 0. */
    firstPointer?: number
    /** Milliseconds between plugging the cable in and the link being up. Default 5. */
    negotiation?: number
}

/** One chip-selected exchange, as a logic analyser would show it. */
export type Trace = (mosi: Buffer, miso: Buffer) => void

const enum Phase {
    AddressHigh,
    AddressLow,
    Control,
    Data,
}

/** The chip. Drive it with `reset`, `select`, `transfer` and `deselect`; plug it into a `Lan`. */
export class W5500 {
    readonly faults: Faults = {}
    trace: Trace | undefined

    private readonly registers = Buffer.alloc(COMMON_SIZE)
    private readonly sockets: ChipSocket[]
    private lan: Lan | undefined
    private linkUp = false
    private linkTimer: NodeJS.Timeout | undefined

    private selected = false
    private held = false
    private phase = Phase.AddressHigh
    private address = 0
    private control = 0
    private remaining = Infinity
    private counterReads = 0
    private mosi: number[] = []
    private miso: number[] = []

    constructor(private readonly options: W5500Options = {}) {
        const wiring: Wiring = {
            pace: options.pace ?? 1,
            firstPointer: options.firstPointer ?? 0,
            lan: () => (this.linkUp ? this.lan : undefined),
            address: () => this.registers.subarray(common.SIPR, 0x13),
            gateway: () => this.registers.subarray(common.GAR, 0x05),
            mask: () => this.registers.subarray(common.SUBR, 0x09),
            retransmitTime: () => this.registers.readUInt16BE(common.RTR) / 10,
            retries: () => this.registers[common.RCR],
            memory: (n, direction) => this.memory(n, direction),
        }
        this.sockets = Array.from(
            { length: 8 },
            (_, n) => new ChipSocket(n, wiring)
        )
        this.powerUp()
    }

    /** Plugs the cable in. */
    plug(lan: Lan): void {
        this.unplug()
        this.lan = lan
        const settled = () => {
            this.linkUp = true
            lan.attach(this.lanPort)
            for (const socket of this.sockets) socket.reachable()
        }
        this.linkTimer = setTimeout(settled, this.options.negotiation ?? 5)
    }

    /** Pulls the cable out; connections stay in the chip until they time out. */
    unplug(): void {
        clearTimeout(this.linkTimer)
        this.linkUp = false
        this.lan?.detach(this.lanPort)
        this.lan = undefined
    }

    private readonly lanPort = {
        udp: (
            from: { ip: string; port: number },
            to: { ip: string; port: number },
            data: Buffer
        ) => {
            for (const socket of this.sockets)
                socket.datagram(from, to, data, this.ip())
        },
        hardware: () => this.registers.subarray(common.SHAR, common.SIPR),
        changed: () => {
            for (const socket of this.sockets) socket.reachable()
        },
    }

    /** Level of the RSTn pin: false holds the chip in reset. */
    reset(level: boolean): void {
        this.held = !level
        if (this.held) this.powerUp()
    }

    /** Level of the INTn pin. */
    get intn(): boolean {
        const { registers } = this
        const asserted =
            (registers[common.IR] & registers[common.IMR]) |
            (this.socketInterrupts() & registers[common.SIMR])
        return asserted === 0
    }

    /** The sockets' states (Sn_SR), for tests that look for leaks. */
    states(): number[] {
        return this.sockets.map(socket => socket.state)
    }

    /** Ends every connection and timer. */
    close(): void {
        this.unplug()
        this.powerUp()
    }

    /** SCSn falls. */
    select(): void {
        this.selected = true
        this.phase = Phase.AddressHigh
        this.mosi = []
        this.miso = []
    }

    /** SCSn rises. */
    deselect(): void {
        if (!this.selected) return
        this.selected = false
        this.trace?.(Buffer.from(this.mosi), Buffer.from(this.miso))
    }

    /** Eight clocks. Without SCSn the chip leaves MISO alone. */
    transfer(byte: number): number {
        if (!this.selected) return 0xff
        if (this.faults.resetAfter !== undefined) this.countdown()
        const answer = this.held ? 0 : this.clock(byte)
        const seen = this.faults.stuckAt ?? answer
        this.mosi.push(byte)
        this.miso.push(seen)
        return seen
    }

    private countdown(): void {
        this.faults.resetAfter = this.faults.resetAfter! - 1
        if (this.faults.resetAfter > 0) return
        this.faults.resetAfter = undefined
        this.powerUp()
    }

    /** SPI frame: 16 bits of offset, 8 of control, then data (datasheet 2.2). */
    private clock(byte: number): number {
        switch (this.phase) {
            case Phase.AddressHigh:
                this.address = byte << 8
                this.phase = Phase.AddressLow
                return 0
            case Phase.AddressLow:
                this.address |= byte
                this.phase = Phase.Control
                return 0
            case Phase.Control:
                this.control = byte
                // operation mode: 00 as long as SCSn stays low, else 1, 2 or 4 bytes (datasheet 2.2.2)
                this.remaining = [Infinity, 1, 2, 4][byte & 3]
                this.phase = Phase.Data
                return 0
            default:
                return this.data(byte)
        }
    }

    private data(byte: number): number {
        const block = this.control >> 3
        const write = (this.control & 0x04) !== 0
        const answer = write ? 0 : this.read(block, this.address)
        if (write) this.write(block, this.address, byte)
        this.address = (this.address + 1) & 0xffff
        if (--this.remaining === 0) this.phase = Phase.AddressHigh
        return answer
    }

    /** Block select bits: socket in the upper three, then 01 registers, 10 transmit, 11 receive buffer (datasheet 2.2.2). */
    private read(block: number, address: number): number {
        const socket = this.sockets[block >> 2]
        switch (block & 3) {
            case 1:
                return this.readSocket(socket, address)
            case 2:
                return socket.transmit.at(address)
            case 3:
                return socket.receive.at(address)
            default:
                return block === 0 ? this.readCommon(address) : 0
        }
    }

    private write(block: number, address: number, byte: number): void {
        const socket = this.sockets[block >> 2]
        switch (block & 3) {
            case 1:
                return socket.write(address, byte)
            case 2:
                return socket.transmit.put(address, byte)
            case 3:
                return socket.receive.put(address, byte)
            default:
                if (block === 0) this.writeCommon(address, byte)
        }
    }

    private readSocket(socket: ChipSocket, address: number): number {
        const value = socket.read(address)
        const counter = address === 0x20 || address === 0x26
        const every = this.faults.tearEvery
        if (!counter || !every || ++this.counterReads % every) return value
        return (value + 1) & 0xff
    }

    private readCommon(address: number): number {
        switch (address) {
            case common.SIR:
                return this.socketInterrupts()
            case common.PHYCFGR:
                // full duplex, 100 Mbit/s, link (datasheet 4.1)
                return (
                    (this.registers[common.PHYCFGR] & 0xf8) |
                    (this.linkUp ? 0x07 : 0)
                )
            case common.VERSIONR:
                return this.faults.version ?? 0x04
            default:
                return address < COMMON_SIZE ? this.registers[address] : 0
        }
    }

    private writeCommon(address: number, byte: number): void {
        if (address === common.MR && byte & 0x80) return this.powerUp()
        if (address === common.IR) {
            this.registers[common.IR] &= ~byte
            return
        }
        const readOnly =
            address === common.SIR || (address >= 0x28 && address <= 0x2d)
        if (!readOnly && address < common.VERSIONR)
            this.registers[address] = byte
    }

    private socketInterrupts(): number {
        return this.sockets.reduce(
            (bits, socket) => bits | (socket.interrupting ? 1 << socket.n : 0),
            0
        )
    }

    private powerUp(): void {
        this.registers.fill(0)
        this.registers.writeUInt16BE(2000, common.RTR)
        this.registers[common.RCR] = 8
        this.registers[common.PTIMER] = 0x28
        this.registers.writeUInt16BE(0xffff, common.PMRU)
        this.registers[common.PHYCFGR] = 0xb8
        for (const socket of this.sockets) socket.reset()
    }

    private ip(): string {
        return this.registers.subarray(common.SIPR, 0x13).join(".")
    }

    /** Where a socket's part of the 16 KB begins, and how long it is: the sizes of the sockets before it add up. */
    private memory(n: number, direction: "rx" | "tx") {
        const before = this.sockets.slice(0, n)
        const start = before.reduce((at, s) => at + s.kilobytes(direction), 0)
        return {
            start: start * 1024,
            size: this.sockets[n].kilobytes(direction) * 1024,
        }
    }
}
