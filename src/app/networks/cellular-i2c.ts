import { pins } from "@dsboard/w5500_evb_pico_modem"
import { i2c } from "@devicescript/i2c"
import { startI2cModem } from "../../net/cellular/start"
import { Dial } from "../../net/stream"
import { readAccess } from "../config"
import { modem } from "../modem.generated"

/** A modem behind a bridge on the board's I2C, beside a W5500 that has the SPI. */
export async function start(): Promise<Dial> {
    return startI2cModem(i2c, {
        powerKey: pins.PWRKEY,
        dialect: modem,
        ...(await readAccess()),
    })
}
