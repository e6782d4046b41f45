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
