import * as ds from "@devicescript/core"
import { GPIOMode } from "@devicescript/core"
import "@devicescript/gpio"
import { spiBus } from "../bus/spi-bus"
import { SpiPins } from "../bus/spi-pins"
import { Dial } from "../stream"
import { Modem, ModemOptions } from "./modem"
import { I2cBus, i2cRegisters, Registers, spiRegisters } from "./registers"
import { Sc16is7xx, Sc16is7xxOptions } from "./sc16is7xx"

/**
 * SPI clock: faster than any modem's serial line, and so slow that no transfer is of a length of which an RP2040's firmware misses
 * the end (docs/platform.md). The bridge takes up to 4 MHz (SC16IS740/750 data sheet, table 42).
 */
const HZ = 250000

export interface StartModemOptions
    extends
        Omit<ModemOptions, "uart" | "powerKey">,
        Omit<Sc16is7xxOptions, "registers"> {
    /** PWRKEY, if wired: low presses it; never driven high, because the modem pulls it up to a voltage of its own. */
    powerKey?: ds.OutputPin & ds.InputPin
}

/**
 * Starts a modem behind an SC16IS740/750/760, or channel A of an SC16IS752/762, on SPI. TX and RX of the bridge cross over to the modem's,
 * and so do RTS and CTS. One modem serves several connections at once, `wss://` too.
 */
export function startModem(options: SpiPins & StartModemOptions): Dial {
    const bus = spiBus({ ...options, hz: options.hz || HZ })
    return startModemBehind(spiRegisters(bus), options)
}

/**
 * The same with the bridge on the board's I2C.
 * @param address 7 bits: 0x48-0x57, by the pins A0 and A1. Default 0x48
 */
export function startI2cModem(
    i2c: I2cBus,
    options: StartModemOptions,
    address?: number
): Dial {
    return startModemBehind(i2cRegisters(i2c, address), options)
}

/** The same with any other way to the bridge. */
export function startModemBehind(
    registers: Registers,
    options: StartModemOptions
): Dial {
    const { baud, crystal, flowControl, powerKey } = options
    const modem = new Modem({
        ...options,
        uart: new Sc16is7xx({ registers, baud, crystal, flowControl }),
        powerKey: powerKey
            ? pressed =>
                  powerKey.setMode(
                      pressed ? GPIOMode.OutputLow : GPIOMode.Input
                  )
            : undefined,
    })
    return async address => await modem.dial(address)
}
