import { pins } from "@dsboard/w5500_evb_pico"
import { startApp } from "./app"
import { readAddress, readConfig } from "./config"
import { dialEthernet } from "./net/ethernet/dial"
import { parseAddress } from "./net/ethernet/ip"
import { spiBus } from "./net/ethernet/spibus"

// a board finds its pins by their names, and every board with a W5500 in boards/ names them alike
const bus = spiBus({
    miso: pins.MISO,
    mosi: pins.MOSI,
    sck: pins.SCK,
    cs: pins.CS,
    reset: pins.RST,
})
const address = parseAddress(await readAddress())
const config = await readConfig()
await startApp({ dial: dialEthernet({ bus, address }), ...config })
