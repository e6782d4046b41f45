import * as ds from "@devicescript/core"
import { startPolling, tick } from "../../fiber/polled-clock"
import { NativeSpi } from "./spi-pins"

/** One byte takes 10 us: long enough not to be missed, for what is sent at once. */
const HZ = 800000
const MILLISECOND = 100
/** No pin. */
const NONE = -1

/**
 * Keeps an RP2040 awake in a program without a driver that polls, where the firmware would sleep for ever sooner or later
 * (docs/platform.md): one SPI transfer of a millisecond after the other, to nobody. From then on `sleep`, `every` and `after`
 * of this library go by them. Not for a program that uses SPI, a W5500, or a modem on SPI.
 * @param sck a free pin that can be SPI0's SCK: GP2, GP6, GP18 or GP22
 */
export async function stayAwake(sck: ds.OutputPin) {
    const { spiConfigure, spiXfer } = ds as NativeSpi
    spiConfigure(NONE, NONE, sck.gpio, 0, HZ)
    const nothing = Buffer.alloc(MILLISECOND)
    async function run() {
        for (;;) {
            tick()
            await spiXfer(nothing, nothing)
        }
    }
    startPolling()
    // a fiber that is started while the program handles a packet would be overslept; after a transfer it is not
    await spiXfer(nothing, nothing)
    run.start()
}
