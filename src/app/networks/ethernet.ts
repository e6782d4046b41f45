import { pins } from "@dsboard/w5500_evb_pico"
import { readAddress } from "../config"
import { dialEthernet } from "../../net/ethernet/dial"
import { parseAddress } from "../../net/ethernet/ip"
import { spiBus } from "../../net/bus/spi-bus"
import { Dial } from "../../net/stream"

/** A W5500 on SPI: a board finds its pins by their names, and every board with one in boards/ names them alike. */
export async function start(): Promise<Dial> {
    const bus = spiBus({
        miso: pins.MISO,
        mosi: pins.MOSI,
        sck: pins.SCK,
        cs: pins.CS,
        reset: pins.RST,
    })
    return dialEthernet({ bus, address: parseAddress(await readAddress()) })
}
