import { pins } from "@dsboard/pico_sc16is750"
import { startModem } from "../../net/cellular/start"
import { Dial } from "../../net/stream"
import { readAccess } from "../config"
import { modem } from "../modem.generated"

/** A modem behind a bridge on SPI. It starts at once, so that it is ready when another network fails. */
export async function start(): Promise<Dial> {
    return startModem({
        miso: pins.MISO,
        mosi: pins.MOSI,
        sck: pins.SCK,
        cs: pins.UART_CS,
        powerKey: pins.PWRKEY,
        dialect: modem,
        ...(await readAccess()),
    })
}
