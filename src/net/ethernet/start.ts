import { spiBus, SpiPins } from "../bus/spi-bus"
import { Dial } from "../stream"
import { dialEthernet, EthernetOptions } from "./ethernet"

/**
 * A WIZnet W5500 on the board's SPI, which belongs to it from now on.
 * @returns the way to dial over it, for `connect`
 */
export function startW5500(
    options: SpiPins & Omit<EthernetOptions, "bus">
): Dial {
    return dialEthernet({ ...options, bus: spiBus(options) })
}
