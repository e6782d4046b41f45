import { pins } from "@dsboard/w5500_evb_pico_modem"
import { i2c } from "@devicescript/i2c"
import { i2cRegisters } from "../../net/cellular/registers"
import { Dial } from "../../net/stream"
import { modem } from "../modem.generated"
import { startModem } from "./modem"

/** A modem behind a bridge on the board's I2C, beside a W5500 that has the SPI. */
export async function start(): Promise<Dial> {
    return await startModem(i2cRegisters(i2c), modem, pins.PWRKEY)
}
