import { spiBus } from "../bus/spi-bus"
import { SpiPins } from "../bus/spi-pins"
import { Dial } from "../stream"
import { EthernetOptions, startEthernet } from "./ethernet"

/**
 * A WIZnet W5500 on the board's SPI, which belongs to it from now on.
 * @returns the way to dial over it, for `connect`
 */
export async function startW5500(
    options: SpiPins & Omit<EthernetOptions, "bus">
): Promise<Dial> {
    return await startEthernet({ ...options, bus: spiBus(options) })
}
