import { pins } from "@dsboard/pico_sc16is750"
import { spiRegisters } from "../../net/cellular/registers"
import { spiBus } from "../../net/bus/spi-bus"
import { Dial } from "../../net/stream"
import { modem } from "../modem.generated"
import { startModem } from "./modem"

/** The SC16IS750's fastest SPI clock (data sheet, table 42). */
const HZ = 4000000

/** A modem behind a bridge on SPI. */
export async function start(): Promise<Dial> {
    const bus = spiBus({
        miso: pins.MISO,
        mosi: pins.MOSI,
        sck: pins.SCK,
        cs: pins.UART_CS,
        hz: HZ,
    })
    return await startModem(spiRegisters(bus), modem, pins.PWRKEY)
}
