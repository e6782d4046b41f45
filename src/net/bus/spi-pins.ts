import * as ds from "@devicescript/core"

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

/** What `@devicescript/spi` stands on; its `transfer` allocates a buffer for what comes in, and who does not use it carries it. */
export type NativeSpi = typeof ds & {
    spiConfigure(
        miso: number,
        mosi: number,
        sck: number,
        mode: number,
        hz: number
    ): void
    spiXfer(tx: Buffer, rx: Buffer): Promise<void>
}
