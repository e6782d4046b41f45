import { pins } from "@dsboard/w5500_evb_pico"
import { parseAddress } from "../../net/ethernet/ip"
import { startW5500 } from "../../net/ethernet/start"
import { Dial } from "../../net/stream"
import { readAddress } from "../config"

/** A W5500 on SPI: a board finds its pins by their names, and every board with one in boards/ names them alike. */
export async function start(): Promise<Dial> {
    return await startW5500({
        miso: pins.MISO,
        mosi: pins.MOSI,
        sck: pins.SCK,
        cs: pins.CS,
        reset: pins.RST,
        address: async () => parseAddress(await readAddress()),
    })
}
