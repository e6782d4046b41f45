/** One of the eight hardware sockets of the W5500 model: its state machine, carried to a network. */
import type { Endpoint, Lan, TcpLeg } from "./lan.ts"
import { at, command, interrupt, Ring, SIZE, state } from "./registers.ts"

/** What a socket needs of its chip. */
export interface Wiring {
    pace: number
    firstPointer: number
    /** The network, while the link is up. */
    lan(): Lan | undefined
    address(): Buffer
    gateway(): Buffer
    mask(): Buffer
    /** RTR in milliseconds. */
    retransmitTime(): number
    /** RCR. */
    retries(): number
    memory(n: number, direction: "rx" | "tx"): { start: number; size: number }
}

export class ChipSocket {
    readonly transmit: Ring
    readonly receive: Ring
    private readonly registers = Buffer.alloc(SIZE)
    private leg: TcpLeg | undefined
    private arriving: Buffer[] = []
    private peerEnded = false
    /** How far the peer has acknowledged; Sn_TX_FSR counts from here (datasheet 4.2). */
    private acknowledged = 0
    /** How far the host has read, as of its last RECV command. */
    private consumed = 0
    private outbox: (() => void)[] = []
    private timers = new Map<string, NodeJS.Timeout>()

    constructor(
        readonly n: number,
        private readonly chip: Wiring
    ) {
        this.transmit = new Ring(() => chip.memory(n, "tx"))
        this.receive = new Ring(() => chip.memory(n, "rx"))
    }

    get state(): number {
        return this.registers[at.SR]
    }

    get interrupting(): boolean {
        return (this.registers[at.IR] & this.registers[at.IMR]) !== 0
    }

    kilobytes(direction: "rx" | "tx"): number {
        return this.registers[
            direction === "rx" ? at.RXBUF_SIZE : at.TXBUF_SIZE
        ]
    }

    reset(): void {
        this.drop()
        this.registers.fill(0)
        this.registers.fill(0xff, at.DHAR, at.DIPR)
        this.registers[at.TTL] = 0x80
        this.registers[at.RXBUF_SIZE] = 2
        this.registers[at.TXBUF_SIZE] = 2
        this.registers[at.IMR] = 0xff
        this.registers.writeUInt16BE(0x4000, at.FRAG)
    }

    read(address: number): number {
        switch (address) {
            case at.TX_FSR:
                return this.free() >> 8
            case at.TX_FSR + 1:
                return this.free() & 0xff
            case at.RX_RSR:
                return this.received() >> 8
            case at.RX_RSR + 1:
                return this.received() & 0xff
            default:
                return address < SIZE ? this.registers[address] : 0
        }
    }

    write(address: number, byte: number): void {
        if (address === at.CR) return this.execute(byte)
        if (address === at.IR) {
            this.registers[at.IR] &= ~byte
            return
        }
        const readOnly =
            address === at.SR ||
            (address >= at.TX_FSR && address < at.TX_WR) ||
            (address >= at.RX_RSR && address < at.RX_RD) ||
            (address >= at.RX_WR && address < at.IMR)
        if (!readOnly && address < SIZE) this.registers[address] = byte
    }

    /** Called when the link or the network behind it changes: what could not go out before may go now. */
    reachable(): void {
        if (!this.chip.lan()?.carries) return
        this.cancel("timeout")
        const waiting = this.outbox
        this.outbox = []
        for (const go of waiting) go()
        this.deliver()
    }

    /** Whether frames come in: a peer with a closed window still sends and acknowledges. */
    private hears(): boolean {
        const lan = this.chip.lan()
        return !!lan && (lan.carries || lan.stalled)
    }

    /** A UDP datagram on the wire; kept if it is for this socket and fits, behind 8 bytes of header. */
    datagram(from: Endpoint, to: Endpoint, data: Buffer, own: string): void {
        const mine =
            this.state === state.UDP &&
            to.port === this.word(at.PORT) &&
            (to.ip === own || to.ip === "255.255.255.255")
        const room = this.receive.size - this.received()
        if (!mine || data.length + 8 > room) return
        const header = Buffer.alloc(8)
        from.ip.split(".").forEach((byte, i) => (header[i] = +byte))
        header.writeUInt16BE(from.port, 4)
        header.writeUInt16BE(data.length, 6)
        this.store(Buffer.concat([header, data]))
    }

    private execute(code: number): void {
        // the command register reads as 0 again once the command is taken (datasheet 4.2, Sn_CR)
        switch (code) {
            case command.OPEN:
                return this.open()
            case command.CONNECT:
                return this.connect()
            case command.DISCON:
                return this.disconnect()
            case command.CLOSE:
                return this.closed(0)
            case command.SEND:
                return this.send()
            case command.RECV:
                this.consumed = this.word(at.RX_RD)
                return this.deliver()
        }
    }

    private open(): void {
        this.drop()
        const protocol = this.registers[at.MR] & 0x0f
        this.pointers(0)
        this.registers[at.SR] =
            protocol === 1 ? state.INIT : protocol === 2 ? state.UDP : 0
    }

    private pointers(start: number): void {
        for (const pointer of [at.TX_RD, at.TX_WR, at.RX_RD, at.RX_WR])
            this.registers.writeUInt16BE(start, pointer)
        this.acknowledged = start
        this.consumed = start
    }

    private connect(): void {
        if (this.state !== state.INIT) return
        this.registers[at.SR] = state.SYNSENT
        this.pointers(this.chip.firstPointer)
        const to = this.destination()
        this.resolve(to.ip, lan => {
            this.leg = lan.connect(this.source(), to, {
                open: () => this.established(),
                refused: () => this.closed(0),
                data: data => this.arrive(data),
                end: () => this.ended(),
                reset: () => this.closed(0),
            })
            if (!this.leg) this.expire(this.tcpTimeout())
        })
    }

    private established(): void {
        if (this.state !== state.SYNSENT) return
        this.cancel("timeout")
        this.registers[at.SR] = state.ESTABLISHED
        this.raise(interrupt.CON)
        this.keepAlive()
    }

    /** Every Sn_KPALVTR x 5 s the peer is asked for a sign of life (datasheet 4.2). */
    private keepAlive(): void {
        const period = this.registers[at.KPALVTR] * 5000
        if (!period) return
        this.after("keep-alive", period, () => {
            if (this.hears()) this.keepAlive()
            else this.expire(this.tcpTimeout())
        })
    }

    /** The hardware address of the next hop, or the ARP timeout: RTR x (RCR + 1) (datasheet 4.1, RCR). */
    private resolve(ip: string, found: (lan: Lan) => void): void {
        const lan = this.chip.lan()
        const hop = this.isLocal(ip) ? ip : this.chip.gateway().join(".")
        const hardware = lan?.carries ? lan.arp(hop) : undefined
        if (lan && hardware) {
            hardware.copy(this.registers, at.DHAR)
            return found(lan)
        }
        this.expire(this.chip.retransmitTime() * (this.chip.retries() + 1))
    }

    private isLocal(ip: string): boolean {
        const mask = this.chip.mask()
        const own = this.chip.address()
        return ip
            .split(".")
            .every((byte, i) => (+byte & mask[i]) === (own[i] & mask[i]))
    }

    /** Sum of the doubling retransmission times (datasheet 4.1, RCR). */
    private tcpTimeout(): number {
        const first = this.chip.retransmitTime()
        let total = 0
        let wait = first
        for (let n = 0; n <= this.chip.retries(); n++) {
            total += wait
            if (wait * 20 <= 65535) wait *= 2
        }
        return total
    }

    private disconnect(): void {
        const before = this.state
        if (before === state.ESTABLISHED) this.registers[at.SR] = state.FIN_WAIT
        else if (before === state.CLOSE_WAIT)
            this.registers[at.SR] = state.LAST_ACK
        else return this.closed(0)
        this.whenCarried(this.tcpTimeout(), () => {
            this.leg?.end()
            if (before === state.CLOSE_WAIT) this.closed(0)
            else if (this.peerEnded) this.ended()
        })
    }

    private send(): void {
        const from = this.word(at.TX_RD)
        const to = this.word(at.TX_WR)
        const length = (to - from) & 0xffff
        const data = Buffer.alloc(length)
        for (let i = 0; i < length; i++) data[i] = this.transmit.at(from + i)
        const sent = () => {
            this.registers.writeUInt16BE(to, at.TX_RD)
            this.acknowledged = to
            this.raise(interrupt.SEND_OK)
        }
        if (this.state === state.UDP) return this.sendDatagram(data, sent)
        if (this.state !== state.ESTABLISHED && this.state !== state.CLOSE_WAIT)
            return
        const { leg } = this
        this.whenCarried(this.tcpTimeout(), () => leg?.write(data, sent))
    }

    private sendDatagram(data: Buffer, sent: () => void): void {
        const to = this.destination()
        const go = (lan: Lan) => {
            sent()
            lan.udp(this.source(), to, data)
        }
        const lan = this.chip.lan()
        // a datagram that nobody takes from the wire is lost, which is not an error
        if (to.ip !== "255.255.255.255") this.resolve(to.ip, go)
        else if (lan?.carries) go(lan)
        else sent()
    }

    private arrive(data: Buffer): void {
        this.arriving.push(data)
        this.deliver()
    }

    private deliver(): void {
        if (!this.hears()) return this.leg?.pause()
        while (this.arriving.length) {
            const [first] = this.arriving
            const room = this.receive.size - this.received()
            if (room <= 0) return this.leg?.pause()
            this.arriving.shift()
            if (first.length > room) this.arriving.unshift(first.subarray(room))
            this.store(first.subarray(0, room))
        }
        this.leg?.resume()
        if (this.peerEnded) this.ended()
    }

    /** The peer's FIN takes effect behind all its data. */
    private ended(): void {
        this.peerEnded = true
        if (this.arriving.length || !this.hears()) return
        this.raise(interrupt.DISCON)
        if (this.state === state.ESTABLISHED)
            this.registers[at.SR] = state.CLOSE_WAIT
        else if (this.state === state.FIN_WAIT) this.closed(0)
        this.peerEnded = false
    }

    private store(data: Buffer): void {
        const pointer = this.word(at.RX_WR)
        data.forEach((byte, i) => this.receive.put(pointer + i, byte))
        this.registers.writeUInt16BE((pointer + data.length) & 0xffff, at.RX_WR)
        this.raise(interrupt.RECV)
    }

    /** Runs `go` now or when the network carries again; gives up after `patience` ms. */
    private whenCarried(patience: number, go: () => void): void {
        if (this.chip.lan()?.carries) return go()
        this.outbox.push(go)
        if (!this.chip.lan()?.stalled) this.expire(patience)
    }

    /** After `patience` ms the chip gives up: TIMEOUT, and a TCP socket is closed (datasheet 4.1, RCR). */
    private expire(patience: number): void {
        this.after("timeout", patience, () => {
            if (this.state === state.UDP) return this.raise(interrupt.TIMEOUT)
            this.closed(interrupt.TIMEOUT)
        })
    }

    private closed(bits: number): void {
        this.drop()
        this.registers[at.SR] = state.CLOSED
        if (bits) this.raise(bits)
    }

    private drop(): void {
        for (const timer of this.timers.values()) clearTimeout(timer)
        this.timers.clear()
        this.outbox = []
        this.arriving = []
        this.peerEnded = false
        this.leg?.abandon()
        this.leg = undefined
    }

    private after(name: string, ms: number, then: () => void): void {
        this.cancel(name)
        this.timers.set(name, setTimeout(then, ms / this.chip.pace))
    }

    private cancel(name: string): void {
        clearTimeout(this.timers.get(name))
        this.timers.delete(name)
    }

    private raise(bits: number): void {
        this.registers[at.IR] |= bits
    }

    private source(): Endpoint {
        return {
            ip: this.chip.address().join("."),
            port: this.word(at.PORT),
        }
    }

    private destination(): Endpoint {
        return {
            ip: this.registers.subarray(at.DIPR, at.DPORT).join("."),
            port: this.word(at.DPORT),
        }
    }

    private free(): number {
        const used = (this.word(at.TX_WR) - this.acknowledged) & 0xffff
        return Math.max(0, this.transmit.size - used)
    }

    private received(): number {
        return (this.word(at.RX_WR) - this.consumed) & 0xffff
    }

    private word(register: number): number {
        return this.registers.readUInt16BE(register)
    }
}
