/**
 * Peripherals that the emulator leaves out and the boot ROM or the firmware look at.
 *
 * @see https://datasheets.raspberrypi.com/rp2040/rp2040-datasheet.pdf sections 2.17.7 and 2.12.8
 */
import { randomInt } from "node:crypto"
import { BasePeripheral } from "rp2040js"

const ROSC_STATUS = 0x18
const ROSC_RANDOMBIT = 0x1c
const ROSC_STABLE = 0x80000000

/** Remembers what is written, and does nothing. */
export class Registers extends BasePeripheral {
    protected readonly registers = new Map<number, number>()

    override readUint32(offset: number): number {
        return this.registers.get(offset) ?? 0
    }

    override writeUint32(offset: number, value: number): void {
        this.registers.set(offset, value)
    }
}

/** The ring oscillator, which the firmware takes its randomness from. */
export class RingOscillator extends Registers {
    override readUint32(offset: number): number {
        if (offset === ROSC_STATUS) return ROSC_STABLE
        if (offset === ROSC_RANDOMBIT) return randomInt(2)
        return super.readUint32(offset)
    }
}
