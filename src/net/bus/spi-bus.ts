import * as ds from "@devicescript/core"
import { GPIOMode } from "@devicescript/core"
import type {} from "@devicescript/gpio"
import { acquireLast, Lock, release } from "../../fiber/lock"
import { isRp2040 } from "../../fiber/rp2040"
import { Bus } from "./bus"
import { NativeSpi, SpiPins } from "./spi-pins"

/** Microseconds: a transfer that takes longer is not missed, one of more than some 6 may be (measured up to 60). */
const WINDOW = 120
/** What the SPI driver takes at once. */
const MAX_TRANSFER = 4096

/**
 * The board's SPI, mode 0.
 *
 * The RP2040's firmware forces two things (docs/platform.md). A rest is transfers with the chip not selected, not a timer:
 * a timer may be lost, the end of a transfer comes always. And no transfer ends while the firmware is about to wait for that
 * end, because it would notice it only when something else happens.
 */
export function spiBus(pins: SpiPins): Bus {
    const { miso, mosi, sck, cs, reset } = pins
    const hz = pins.hz || 8000000
    const millisecond = Buffer.alloc(Math.min(hz / 8000, MAX_TRANSFER))
    const lock = new Lock()
    // both natives in variables: a search costs more than a call
    const transfer = (ds as NativeSpi).spiXfer
    const select = cs.setMode

    cs.setMode(GPIOMode.OutputHigh)
    if (reset) reset.setMode(GPIOMode.OutputHigh)
    const configure = (ds as NativeSpi).spiConfigure
    configure(miso.gpio, mosi.gpio, sck.gpio, 0, hz)

    return {
        lock,
        shortest: isRp2040() ? Math.round((hz / 1000000 / 8) * WINDOW) : 0,
        exchange: async data => {
            select(GPIOMode.OutputLow)
            try {
                await transfer(data, data)
            } finally {
                select(GPIOMode.OutputHigh)
            }
        },
        rest: async milliseconds => {
            await acquireLast(lock)
            try {
                for (let i = 0; i < milliseconds && !lock.waiting; ++i)
                    await transfer(millisecond, millisecond)
            } finally {
                release(lock)
            }
        },
        setReset: reset
            ? level => {
                  reset.setMode(
                      level ? GPIOMode.OutputHigh : GPIOMode.OutputLow
                  )
              }
            : undefined,
    }
}
