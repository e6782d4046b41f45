import { Bus } from "../../src/net/bus/bus"
import { SpiPins } from "../../src/net/bus/spi-pins"
import { simBus } from "./sim-bus"

/** Takes the place of src/net/bus/spi-bus.ts: the chip that the simulator has on SPI, whatever the pins. */
export function spiBus(_pins: SpiPins): Bus {
    return simBus("spi")
}
