import * as ds from "@devicescript/core"
import { GPIOMode } from "@devicescript/core"
import "@devicescript/gpio"
import { spi } from "@devicescript/spi"
import { Signal } from "../../fiber/signal"
import { Bus } from "./bus"

/** Wires between the board and the chip. */
export interface SpiPins {
    miso: ds.InputPin
    mosi: ds.OutputPin
    sck: ds.OutputPin
    /** SCSn. */
    cs: ds.OutputPin
    /** RSTn, if wired. */
    reset?: ds.OutputPin
    /** SPI clock. Default 8,000,000; the chip takes 33 MHz and more (datasheet, SPI Timing). */
    hz?: number
}

/** One millisecond at 8 MHz. */
const REST_BYTES = 1000

type NativeSpi = typeof ds & {
    spiXfer(tx: Buffer, rx: Buffer): Promise<void>
}

/**
 * The board's SPI, mode 0.
 *
 * A rest is a transfer with the chip not selected, not a timer: the RP2040's firmware loses its only timer when it arms it
 * at the moment at which a fiber is due (devicescript-pico, tim.c, `tim_set_timer`), and sleeps until some other interrupt
 * comes. The end of a transfer is such an interrupt, so as long as the chip is being polled there is one every millisecond,
 * and no timer of the program can be lost for longer.
 */
export function spiBus(pins: SpiPins): Bus {
    const { cs, reset } = pins
    const hz = pins.hz || 8000000
    const rest = Buffer.alloc(REST_BYTES)
    const free = new Signal()
    // whoever comes takes a number, so that nobody who comes back at once overtakes those who wait
    let last = 0
    let serving = 0

    cs.setMode(GPIOMode.OutputHigh)
    if (reset) reset.setMode(GPIOMode.OutputHigh)
    const { miso, mosi, sck } = pins
    spi.configure({ miso, mosi, sck, mode: 0, hz })

    function leave() {
        serving++
        if (free.fiber) free.notify()
    }

    return {
        exchange: async data => {
            const number = last++
            while (serving !== number) await free.wait()
            try {
                cs.setMode(GPIOMode.OutputLow)
                // spi.transfer() makes the same call, but allocates a buffer for what comes in
                await (ds as NativeSpi).spiXfer(data, data)
            } finally {
                cs.setMode(GPIOMode.OutputHigh)
                leave()
            }
        },
        rest: async milliseconds => {
            const number = last++
            while (serving !== number) await free.wait()
            try {
                let bytes = (milliseconds * hz) / 8000
                while (bytes > 0 && last === number + 1) {
                    await (ds as NativeSpi).spiXfer(rest, rest)
                    bytes -= REST_BYTES
                }
            } finally {
                leave()
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
