import { StreamError } from "../stream"
import { Bus, transact } from "../bus/bus"
import { IpConfig } from "./ip"

/** @see W5500 datasheet 1.0.9, 3.1 and 4.1: common registers */
const W5500_MR = 0x00
const W5500_GAR = 0x01
const W5500_SHAR = 0x09
const W5500_PHYCFGR = 0x2e
const W5500_VERSIONR = 0x39

const W5500_VERSION = 0x04
const W5500_MR_RST = 0x80
const W5500_PHYCFGR_LNK = 0x01

/** @see W5500 datasheet 1.0.9, 3.2: socket registers that are set once */
const W5500_SN_RXBUF_SIZE = 0x1e

/** @see W5500 datasheet 1.0.9, 2.2.2: block select bits, write bit; variable length data */
const COMMON = 0
const WRITE = 0x04

/** Bytes before the data of an SPI frame: offset and control. */
export const FRAME_HEADER = 3

/** Hardware sockets of the chip. */
export const SOCKETS = 8

/**
 * Kilobytes of a socket's receive buffer, and of its transmit buffer, 16 together each way: plenty for the first two
 * connections; the last ones, 2 KB, serve DHCP and DNS.
 */
export function kilobytes(n: number): number {
    return n < 2 ? 4 : n < 6 ? 1 : 2
}

/** Block select bits of a socket's registers; its transmit and receive buffers are the next two blocks. */
export function socketBlock(n: number): number {
    return n * 4 + 1
}

/** An SPI frame's header, as a little-endian number. */
export function headerOf(block: number, offset: number, write: boolean) {
    const control = (block << 3) | (write ? WRITE : 0)
    return (offset >> 8) | ((offset & 0xff) << 8) | (control << 16)
}

/** An SPI frame with room for so many bytes of data, of a length that is not missed. */
export function frameFor(bus: Bus, length: number): Buffer {
    return Buffer.alloc(Math.max(FRAME_HEADER + length, bus.shortest))
}

/** Writes an SPI frame's header; the first data byte behind it is overwritten. */
export function setHeader(
    frame: Buffer,
    block: number,
    offset: number,
    write: boolean
) {
    frame.setAt(0, "u32", headerOf(block, offset, write))
}

/** The chip: SPI frames and common registers. Its sockets are in `Socket`. */
export class W5500 {
    /** PHYCFGR tells that the cable leads to a live port. */
    linked = false
    /** From SHAR to PHYCFGR. */
    private readonly status: Buffer
    private readonly ip = Buffer.alloc(4)

    constructor(
        readonly bus: Bus,
        readonly mac: Buffer
    ) {
        this.status = frameFor(bus, W5500_PHYCFGR + 1 - W5500_SHAR)
    }

    /** @returns `length` bytes from a block's offset on */
    async read(block: number, offset: number, length: number) {
        const { bus } = this
        const frame = frameFor(bus, length)
        setHeader(frame, block, offset, false)
        await transact(bus, frame)
        return frame.slice(FRAME_HEADER, FRAME_HEADER + length)
    }

    /** Writes registers, two at a time: a longer transaction could be missed, and behind the last one nothing may be written. */
    async write(block: number, offset: number, data: Buffer) {
        const { length } = data
        for (let i = 0; i < length; i += 2) {
            const frame = Buffer.alloc(FRAME_HEADER + Math.min(2, length - i))
            setHeader(frame, block, offset + i, true)
            frame.blitAt(FRAME_HEADER, data, i, length - i)
            await transact(this.bus, frame)
        }
    }

    /**
     * Resets the chip and brings it to the state in which sockets can be opened.
     * @throws StreamError when no W5500 answers
     */
    async start() {
        const { bus } = this
        if (bus.setReset) {
            // at least 0.5 ms low, then 1 ms until the PLL is locked (datasheet, Reset Timing)
            bus.setReset(false)
            await bus.rest(2)
            bus.setReset(true)
            await bus.rest(2)
        } else {
            await this.write(COMMON, W5500_MR, Buffer.from([W5500_MR_RST]))
        }
        await this.checkVersion()
        for (let n = 0; n < SOCKETS; ++n) {
            const sizes = Buffer.from([kilobytes(n), kilobytes(n)])
            await this.write(socketBlock(n), W5500_SN_RXBUF_SIZE, sizes)
        }
        this.linked = false
    }

    /** VERSIONR is the only register whose content is known beforehand; some modules need 50 ms after a reset. */
    private async checkVersion() {
        const { bus } = this
        let version: number
        for (let tries = 0; tries < 10; ++tries) {
            version = (await this.read(COMMON, W5500_VERSIONR, 1))[0]
            if (version === W5500_VERSION) return
            await bus.rest(10)
        }
        const hint =
            version === 0 || version === 0xff
                ? "nothing drives MISO: look at power, ground, CS and MISO, and whether RSTn is high"
                : "bytes get garbled: look at SCK and MOSI, shorter wires, a lower SPI clock"
        throw new StreamError(
            `w5500: version register: expected ${W5500_VERSION}, read ${version}; ${hint}`
        )
    }

    /** Sets the addresses: GAR, SUBR, SHAR, SIPR lie side by side. */
    async configure(config: IpConfig) {
        const data = Buffer.alloc(18)
        data.blitAt(0, config.gateway, 0, 4)
        data.blitAt(4, config.mask, 0, 4)
        data.blitAt(8, this.mac, 0, 6)
        data.blitAt(14, config.ip, 0, 4)
        this.ip.blitAt(0, config.ip, 0, 4)
        await this.write(COMMON, W5500_GAR, data)
    }

    /**
     * Looks at the link.
     * @returns false when the chip does not have the addresses any more that it was given: it was reset
     */
    async inspect(): Promise<boolean> {
        const { status } = this
        setHeader(status, COMMON, W5500_SHAR, false)
        await transact(this.bus, status)
        if (
            status.getAt(FRAME_HEADER, "u32") !== this.mac.getAt(0, "u32") ||
            status.getAt(FRAME_HEADER + 6, "u32") !== this.ip.getAt(0, "u32")
        )
            return false
        const phy = status[FRAME_HEADER + W5500_PHYCFGR - W5500_SHAR]
        this.linked = (phy & W5500_PHYCFGR_LNK) !== 0
        return true
    }
}
