/** Wires that carry a board's buses to chip models: the counterpart of what `sim/device/` puts in the pins' place. */
import type { Reply, WireModel } from "./wire.ts"

/** A chip on SPI. */
export interface SpiChip {
    select(): void
    /** @returns what the chip sends during the same eight clocks */
    transfer(byte: number): number
    deselect(): void
    /** Level of its reset pin. */
    reset(level: boolean): void
}

/** A chip on I2C. */
export interface I2cChip {
    /** @returns false: not acknowledged */
    i2cWrite(bytes: Uint8Array): boolean
    i2cRead(length: number): Uint8Array
}

/** Carries SPI: a write is a chip-selected transaction, answered by as many bytes; a write of one byte is the reset pin. */
export class SpiWire implements WireModel {
    /** Transactions, and bytes in them, so far. */
    transactions = 0
    bytes = 0
    private reply: Reply = () => {}

    constructor(private readonly chip: SpiChip) {}

    open(reply: Reply): void {
        this.reply = reply
    }

    data(bytes: Uint8Array): void {
        if (bytes.length === 1) return this.chip.reset(bytes[0] !== 0)
        if (bytes.length > 4096)
            throw new Error(
                `SPI: expected at most 4096 bytes, got ${bytes.length}`
            )
        this.transactions++
        this.bytes += bytes.length
        this.chip.select()
        const answer = bytes.map(byte => this.chip.transfer(byte))
        this.chip.deselect()
        this.reply(answer)
    }
}

/** Carries I2C: a write is the number of bytes to read and those to write, answered by 1 or 0 (acknowledged or not) and what was read. */
export class I2cWire implements WireModel {
    private reply: Reply = () => {}

    constructor(private readonly chip: I2cChip) {}

    open(reply: Reply): void {
        this.reply = reply
    }

    data(bytes: Uint8Array): void {
        const length = bytes[0]
        const acknowledged = this.chip.i2cWrite(bytes.subarray(1))
        const answer = Buffer.alloc(1 + length)
        if (acknowledged) {
            answer[0] = 1
            answer.set(this.chip.i2cRead(length), 1)
        }
        this.reply(answer)
    }
}

/** All chips of a board on the program's one wire: a write is a chip's name, a line feed, and what is for that chip. */
export class Backplane implements WireModel {
    constructor(private readonly chips: Record<string, WireModel>) {}

    open(reply: Reply): void {
        for (const chip of Object.values(this.chips)) chip.open?.(reply)
    }

    data(bytes: Uint8Array): void {
        const end = bytes.indexOf(10)
        const name = Buffer.from(bytes.subarray(0, end)).toString()
        const chip = this.chips[name]
        if (!chip)
            throw new Error(
                `expected one of the chips ${Object.keys(this.chips)}, got "${name}"`
            )
        chip.data(bytes.subarray(end + 1))
    }
}
