/** Puts chip models onto the pins of an emulated RP2040. */
import { GPIOPinState, type RP2040 } from "rp2040js"
import type { SpiChip } from "../buses.ts"

/** GPIO numbers. */
export interface SpiWiring {
    /** Its number says which of the two controllers the bus has (datasheet 1.4.3). */
    sck: number
    cs: number
    /** The chip's reset pin, active low. */
    reset?: number
}

const BITS = 8

/** Connects the only chip of an SPI bus. A byte takes as long as on the wire. */
export function wireSpi(
    rp2040: RP2040,
    { sck, cs, reset }: SpiWiring,
    chip: SpiChip
): void {
    const spi = rp2040.spi[(sck >> 3) & 1]
    let answer = 0
    const clocked = rp2040.clock.createAlarm(() => spi.completeTransmit(answer))
    spi.onTransmit = byte => {
        answer = chip.transfer(byte)
        clocked.schedule((BITS * 1e9) / spi.clockFrequency)
    }
    rp2040.gpio[cs].addListener(state => {
        if (state === GPIOPinState.Low) chip.select()
        else chip.deselect()
    })
    if (reset !== undefined)
        rp2040.gpio[reset].addListener(state =>
            chip.reset(state !== GPIOPinState.Low)
        )
}
