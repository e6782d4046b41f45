/**
 * A model of NXP's SC16IS740/750/760, a UART on SPI or I2C, written from its data sheet (Rev. 7): register file, 64-byte
 * FIFOs, divisor, automatic RTS and CTS, line errors. The second channel of the SC16IS752 reads as zeros.
 *
 * @see https://www.nxp.com/docs/en/data-sheet/SC16IS740_750_760.pdf
 */
import type { I2cChip, SpiChip } from "../../buses.ts"

/** Whatever hangs on the UART's pins. */
export interface SerialPeer {
    /** Its bits per second. */
    readonly baud: number
    /** Its RTS output, our CTS: false asks for a pause. */
    readonly ready: boolean
    /** One byte has arrived at its RXD. */
    receive(byte: number): void
    /**
     * The next byte that it sends.
     * @param clear level of its CTS input, our RTS; what it makes of that is its own business
     */
    transmit(clear: boolean): number | undefined
}

/** What a real chip would not do, or only on a bad day. */
export interface BridgeFaults {
    /** MISO when nothing drives it: every byte reads as this. */
    stuckAt?: number
    /** Nobody answers on I2C. */
    absent?: boolean
    /** The next so many received bytes find no room, as after a pause of the program without flow control. */
    loseBytes?: number
    /** The next so many received bytes have a wrong stop bit. */
    breakFrames?: number
}

export interface BridgeOptions {
    peer: SerialPeer
    /** Frequency of the crystal in Hz. Default 14,745,600, as on most breakouts. */
    crystal?: number
    /** Simulated milliseconds in a real one. Default 1. */
    pace?: number
}

/** General register set (data sheet table 10); the address is in bits 6:3 of the subaddress. */
const general = {
    DATA: 0x00,
    IER: 0x01,
    FCR_IIR: 0x02,
    LCR: 0x03,
    MCR: 0x04,
    LSR: 0x05,
    MSR_TCR: 0x06,
    SPR_TLR: 0x07,
    TXLVL: 0x08,
    RXLVL: 0x09,
    IO_CONTROL: 0x0e,
    EFCR: 0x0f,
} as const
/** LCR that opens the enhanced register set. */
const ENHANCED = 0xbf
const FIFO_SIZE = 64
/** A tolerance between both ends beyond which a frame's last bits are sampled wrong. */
const TOLERANCE = 0.04

interface Received {
    byte: number
    badFrame: boolean
}

/** The chip. It takes the time from the clock whenever it is looked at. */
export class Sc16is7xx implements SpiChip, I2cChip {
    readonly faults: BridgeFaults = {}
    /** Bytes that were sent, that were received, and those of them that found the FIFO full. */
    sent = 0
    received = 0
    lost = 0

    private registers = Buffer.alloc(16)
    private divisor = 0
    private efr = 0
    private tcr = 0
    private tlr = 0
    private rx: Received[] = []
    private tx: number[] = []
    private overrun = false
    private rts = false
    private held = false
    private selected = false
    private subaddress: number | undefined
    private now = performance.now()

    constructor(private readonly options: BridgeOptions) {
        this.powerUp()
    }

    /** Reset values (data sheet table 5). */
    private powerUp(): void {
        this.registers = Buffer.alloc(16)
        this.registers[general.LCR] = 0x1d
        this.registers[general.SPR_TLR] = 0xff
        this.divisor = 0
        this.efr = 0
        this.tcr = 0
        this.tlr = 0
        this.rx = []
        this.tx = []
        this.overrun = false
        this.rts = false
    }

    /** Level of the RESET pin: false holds the chip in reset. */
    reset(level: boolean): void {
        this.held = !level
        if (this.held) this.powerUp()
    }

    /** CS falls. */
    select(): void {
        this.selected = true
        this.subaddress = undefined
    }

    /** CS rises. */
    deselect(): void {
        this.selected = false
    }

    /** Eight clocks: first the subaddress with R/W in bit 7, then data of that one register (data sheet 10.4). */
    transfer(byte: number): number {
        const { stuckAt } = this.faults
        if (stuckAt !== undefined || this.held || !this.selected)
            return stuckAt ?? 0xff
        if (this.subaddress === undefined) {
            this.subaddress = byte
            return 0
        }
        const register = (this.subaddress >> 3) & 15
        if (this.channel() !== 0) return 0
        if (this.subaddress & 0x80) return this.read(register)
        this.write(register, byte)
        return 0
    }

    private channel(): number {
        return (this.subaddress! >> 1) & 3
    }

    /** An I2C write: subaddress, then data. @returns false: not acknowledged */
    i2cWrite(bytes: Uint8Array): boolean {
        if (this.faults.absent || this.held) return false
        this.subaddress = bytes[0]
        const register = (this.subaddress >> 3) & 15
        for (const byte of bytes.subarray(1)) {
            if (this.channel() === 0) this.write(register, byte)
            // a software reset is not acknowledged (data sheet 8.16)
            if (register === general.IO_CONTROL && byte & 8) return false
        }
        return true
    }

    /** An I2C read after a repeated start. */
    i2cRead(length: number): Uint8Array {
        const register = (this.subaddress! >> 3) & 15
        return Uint8Array.from({ length }, () =>
            this.channel() === 0 ? this.read(register) : 0
        )
    }

    private read(register: number): number {
        this.advance()
        const { registers } = this
        const lcr = registers[general.LCR]
        if (lcr === ENHANCED && register === 2) return this.efr
        if (lcr & 0x80 && lcr !== ENHANCED && register < 2)
            return (this.divisor >> (8 * register)) & 0xff
        switch (register) {
            case general.DATA:
                return this.takeReceived()
            case general.FCR_IIR:
                return 0x01 | (this.depth > 1 ? 0xc0 : 0)
            case general.LSR:
                return this.lineStatus()
            case general.MSR_TCR:
                if (this.levelsOpen) return this.tcr
                return this.options.peer.ready ? 0x10 : 0
            case general.SPR_TLR:
                return this.levelsOpen ? this.tlr : registers[register]
            case general.TXLVL:
                return this.depth - this.tx.length
            case general.RXLVL:
                return this.rx.length
            default:
                return registers[register]
        }
    }

    private write(register: number, value: number): void {
        this.advance()
        const lcr = this.registers[general.LCR]
        if (register !== general.LCR && lcr === ENHANCED) {
            if (register === 2) this.efr = value
            if (register < 8) return
        }
        if (lcr & 0x80 && lcr !== ENHANCED && register < 2) {
            const shift = 8 * register
            this.divisor = (this.divisor & ~(0xff << shift)) | (value << shift)
            return
        }
        switch (register) {
            case general.DATA:
                if (this.tx.length < this.depth) this.tx.push(value)
                return
            case general.FCR_IIR:
                if (value & 2) this.rx = []
                if (value & 4) this.tx = []
                this.registers[register] = value
                return
            case general.MCR:
                this.writeModemControl(value)
                return
            case general.MSR_TCR:
                if (this.levelsOpen) this.tcr = value
                return
            case general.SPR_TLR:
                if (this.levelsOpen) this.tlr = value
                else this.registers[register] = value
                return
            case general.IO_CONTROL:
                if (value & 8) this.powerUp()
                else this.registers[register] = value
                return
            case general.LSR:
            case general.TXLVL:
            case general.RXLVL:
                return
            default:
                this.registers[register] = value
        }
    }

    /** MCR[7:5] and MCR[2] can be written only when EFR[4] is set (data sheet 8.4). */
    private writeModemControl(value: number): void {
        const locked = this.efr & 0x10 ? 0 : 0xe4
        const before = this.registers[general.MCR]
        this.registers[general.MCR] = (value & ~locked) | (before & locked)
    }

    /** TCR and TLR take the place of MSR and SPR (data sheet table 10, note 6). */
    private get levelsOpen(): boolean {
        return (
            (this.registers[general.MCR] & 4) !== 0 && (this.efr & 0x10) !== 0
        )
    }

    /** Without FCR[0] there are no FIFOs, only the holding registers. */
    private get depth(): number {
        return this.registers[general.FCR_IIR] & 1 ? FIFO_SIZE : 1
    }

    private takeReceived(): number {
        return this.rx.shift()?.byte ?? 0
    }

    /** LSR[4:2] tell of the byte that is read next; reading clears the overrun bit (data sheet 8.5). */
    private lineStatus(): number {
        let status = this.rx.length ? 0x01 : 0
        if (this.overrun) status |= 0x02
        if (this.rx[0]?.badFrame) status |= 0x08
        if (!this.tx.length) status |= 0x60
        if (this.rx.some(({ badFrame }) => badFrame)) status |= 0x80
        this.overrun = false
        return status
    }

    /** Bits per second (data sheet 7.8); 0 while the divisor is. */
    get baud(): number {
        const prescaler = this.registers[general.MCR] & 0x80 ? 4 : 1
        const crystal = this.options.crystal ?? 14_745_600
        return this.divisor ? crystal / prescaler / 16 / this.divisor : 0
    }

    /** Lets the line do what it did since the last look: a byte each way in the time of ten bits. */
    private advance(): void {
        const { peer, pace = 1 } = this.options
        const now = performance.now()
        const { baud } = this
        const enabled = baud > 0 && (this.registers[general.LCR] & 3) === 3
        const byteTime = 10_000 / (enabled ? baud : peer.baud) / pace
        while (this.now + byteTime <= now) {
            const sent = enabled && this.shiftOut()
            const got = peer.transmit(enabled && this.requestToSend())
            // without a baud rate nobody listens
            if (got !== undefined && enabled) this.shiftIn(got)
            if (!sent && got === undefined) {
                this.now = now
                return
            }
            this.now += byteTime
        }
    }

    private shiftOut(): boolean {
        const { peer } = this.options
        const autoCts = (this.efr & 0x80) !== 0
        if (!this.tx.length || (autoCts && !peer.ready)) return false
        const byte = this.tx.shift()!
        this.sent++
        peer.receive(this.matches() ? byte : byte ^ 0xa5)
        return true
    }

    private shiftIn(byte: number): void {
        this.received++
        const { faults } = this
        const lose = faults.loseBytes !== undefined && faults.loseBytes > 0
        if (lose) faults.loseBytes!--
        if (lose || this.rx.length >= this.depth) {
            this.lost++
            this.overrun = true
            return
        }
        const broken =
            faults.breakFrames !== undefined && faults.breakFrames > 0
        if (broken) faults.breakFrames!--
        const badFrame = broken || !this.matches()
        this.rx.push({ byte: badFrame ? byte ^ 0xa5 : byte, badFrame })
    }

    private matches(): boolean {
        const { baud } = this.options.peer
        return Math.abs(this.baud - baud) / baud <= TOLERANCE
    }

    private requestToSend(): boolean {
        if (!(this.efr & 0x40)) return (this.registers[general.MCR] & 2) !== 0
        this.updateRts()
        return this.rts
    }

    /** Halt and resume levels in steps of four; without TCR they follow the FIFO (data sheet 7.3.1). */
    private updateRts(): void {
        const halt = (this.tcr & 15) * 4 || FIFO_SIZE - 4
        const resume = (this.tcr >> 4) * 4
        if (this.rx.length >= halt) this.rts = false
        else if (this.rx.length <= resume) this.rts = true
    }
}
