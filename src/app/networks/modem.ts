import * as ds from "@devicescript/core"
import { GPIOMode } from "@devicescript/core"
import "@devicescript/gpio"
import { readAccess } from "../config"
import { Dialect } from "../../net/cellular/dialect"
import { Cellular } from "../../net/cellular/interface"
import { Sc16is7xx } from "../../net/cellular/sc16is7xx"
import { Registers } from "../../net/cellular/uart"
import { Dial } from "../../net/stream"

/**
 * Starts the modem at once, so that it is ready when another network fails.
 * @param powerKey low presses it; it is never driven high, because the modem pulls it up to a voltage of its own
 */
export async function startModem(
    registers: Registers,
    dialect: Dialect,
    powerKey?: ds.OutputPin & ds.InputPin
): Promise<Dial> {
    const cellular = new Cellular({
        uart: new Sc16is7xx({ registers }),
        dialect,
        powerKey: powerKey
            ? pressed =>
                  powerKey.setMode(
                      pressed ? GPIOMode.OutputLow : GPIOMode.Input
                  )
            : undefined,
        ...(await readAccess()),
    })
    return async address => await cellular.dial(address)
}
