import { millis, sleep } from "../../fiber/clock"
import { StreamError } from "../stream"
import { Uart } from "./at"
import { Registers } from "./registers"

/** @see SC16IS740/750/760 data sheet Rev. 7, 8: registers */
const SC16IS7XX_DATA = 0x00 // RHR, THR
const SC16IS7XX_FCR = 0x02
const SC16IS7XX_LCR = 0x03
const SC16IS7XX_MCR = 0x04
const SC16IS7XX_LSR = 0x05
const SC16IS7XX_SPR = 0x07
const SC16IS7XX_TXLVL = 0x08
const SC16IS7XX_RXLVL = 0x09
const SC16IS7XX_IOCONTROL = 0x0e
/** With LCR[7]: divisor. */
const SC16IS7XX_DLL = 0x00
const SC16IS7XX_DLH = 0x01
/** With LCR 0xBF. */
const SC16IS7XX_EFR = 0x02
/** With EFR[4] and MCR[2]. */
const SC16IS7XX_TCR = 0x06

const SC16IS7XX_FCR_ENABLE_AND_RESET = 0x07
const SC16IS7XX_LCR_8N1 = 0x03
const SC16IS7XX_LCR_DIVISOR = 0x80
const SC16IS7XX_LCR_ENHANCED = 0xbf
const SC16IS7XX_MCR_RTS = 0x02
const SC16IS7XX_MCR_LEVELS = 0x04
const SC16IS7XX_EFR_ENHANCED = 0x10
const SC16IS7XX_EFR_AUTO_RTS_CTS = 0xc0
const SC16IS7XX_LSR_DATA = 0x01
const SC16IS7XX_LSR_OVERRUN = 0x02
const SC16IS7XX_LSR_FRAMING = 0x08
const SC16IS7XX_IOCONTROL_RESET = 0x08

/** RTS falls at 40 bytes in the receive FIFO, so that 24 more find room, and rises again at 16 (7.3.1). */
const SC16IS7XX_TCR_RESUME_16_HALT_40 = 0x4a

const FIFO_SIZE = 64
/** Beyond this difference between both ends the last bits of a frame are sampled wrong. */
const MAX_BAUD_ERROR = 0.03
/** Milliseconds that the other end may hold us up by CTS. */
const WRITE_TIMEOUT = 5000

export interface Sc16is7xxOptions {
    registers: Registers
    /** Bits per second. Default 115,200. */
    baud?: number
    /** The crystal's frequency in Hz. Default 14,745,600, as on most breakouts. */
    crystal?: number
    /** RTS and CTS are wired. Default true; without them bytes get lost at more than some 9,600 bits per second. */
    flowControl?: boolean
}

/** NXP's SC16IS740/750/760, or channel A of an SC16IS752/762: a UART on SPI or I2C. */
export class Sc16is7xx implements Uart {
    readonly baud: number
    errors = 0
    private readonly crystal: number

    /** @throws RangeError when the crystal does not give the baud rate */
    constructor(private readonly options: Sc16is7xxOptions) {
        const baud = options.baud || 115200
        const crystal = options.crystal || 14745600
        this.baud = baud
        this.crystal = crystal
        const real = realBaud(crystal, baud)
        if (!isNear(real, baud))
            throw new RangeError(
                `sc16is7xx: a crystal of ${crystal} Hz gives ${real} baud instead of ${baud}, which is more than 3 % off`
            )
    }

    async start() {
        const { flowControl } = this.options
        try {
            // the chip does not acknowledge its own reset on I2C (8.16)
            await this.set(SC16IS7XX_IOCONTROL, SC16IS7XX_IOCONTROL_RESET)
        } catch {
            // whether it is there at all is the next question
        }
        await sleep(1)
        await this.check(0x5a)
        await this.check(0xa5)
        await this.setDivisor(divisorFor(this.crystal, this.baud))
        await this.set(SC16IS7XX_LCR, SC16IS7XX_LCR_ENHANCED)
        await this.set(SC16IS7XX_EFR, SC16IS7XX_EFR_ENHANCED)
        await this.set(SC16IS7XX_LCR, SC16IS7XX_LCR_8N1)
        await this.set(SC16IS7XX_MCR, SC16IS7XX_MCR_LEVELS)
        await this.set(SC16IS7XX_TCR, SC16IS7XX_TCR_RESUME_16_HALT_40)
        await this.set(SC16IS7XX_MCR, SC16IS7XX_MCR_RTS)
        await this.set(SC16IS7XX_FCR, SC16IS7XX_FCR_ENABLE_AND_RESET)
        if (flowControl === false) return
        await this.set(SC16IS7XX_LCR, SC16IS7XX_LCR_ENHANCED)
        await this.set(
            SC16IS7XX_EFR,
            SC16IS7XX_EFR_ENHANCED | SC16IS7XX_EFR_AUTO_RTS_CTS
        )
        await this.set(SC16IS7XX_LCR, SC16IS7XX_LCR_8N1)
    }

    async setBaud(baud: number): Promise<boolean> {
        if (!isNear(realBaud(this.crystal, baud), baud)) return false
        await this.setDivisor(divisorFor(this.crystal, baud))
        await this.set(SC16IS7XX_LCR, SC16IS7XX_LCR_8N1)
        return true
    }

    private async setDivisor(divisor: number) {
        await this.set(SC16IS7XX_LCR, SC16IS7XX_LCR_DIVISOR)
        await this.set(SC16IS7XX_DLL, divisor & 0xff)
        await this.set(SC16IS7XX_DLH, divisor >> 8)
    }

    /** The scratch register keeps what is written, if there is a chip. */
    private async check(value: number) {
        let read: number
        try {
            await this.set(SC16IS7XX_SPR, value)
            read = await this.get(SC16IS7XX_SPR)
        } catch {
            // no acknowledgement on I2C
        }
        if (read !== value)
            throw new StreamError(
                `sc16is7xx: scratch register: expected ${value}, read ${read === undefined ? "nothing" : read}; ${this.options.registers.hint}`
            )
    }

    private async get(register: number): Promise<number> {
        return (await this.options.registers.read(register, 1))[0]
    }

    private async set(register: number, value: number) {
        await this.options.registers.write(register, Buffer.from([value]))
    }

    async read(): Promise<Buffer> {
        const status = await this.get(SC16IS7XX_LSR)
        // nothing drives the bus
        if (status === 0xff) return undefined
        if (status & (SC16IS7XX_LSR_OVERRUN | SC16IS7XX_LSR_FRAMING))
            this.errors++
        if (!(status & SC16IS7XX_LSR_DATA)) return undefined
        const length = await this.get(SC16IS7XX_RXLVL)
        // the chip was started afresh in between
        if (!length || length > FIFO_SIZE) return undefined
        return await this.options.registers.read(SC16IS7XX_DATA, length)
    }

    async write(data: Buffer) {
        let at = 0
        let deadline = millis() + WRITE_TIMEOUT
        while (at < data.length) {
            const free = Math.min(
                await this.get(SC16IS7XX_TXLVL),
                data.length - at
            )
            if (free > 0) {
                await this.options.registers.write(
                    SC16IS7XX_DATA,
                    data.slice(at, at + free)
                )
                at += free
                deadline = millis() + WRITE_TIMEOUT
            } else if (millis() < deadline) await sleep(1)
            else
                throw new StreamError(
                    "sc16is7xx: CTS stays high: is the modem's RTS wired to it?"
                )
        }
    }

    async rest(milliseconds: number) {
        await this.options.registers.rest(milliseconds)
    }
}

/** 7.8, with the prescaler at 1. */
function divisorFor(crystal: number, baud: number): number {
    return Math.max(1, Math.round(crystal / 16 / baud))
}

function realBaud(crystal: number, baud: number): number {
    return Math.round(crystal / 16 / divisorFor(crystal, baud))
}

function isNear(real: number, baud: number): boolean {
    return Math.abs(real / baud - 1) <= MAX_BAUD_ERROR
}
