import { startApp } from "../../src/app"
import { readAddress, readConfig } from "../../src/config"
import { dialEthernet } from "../../src/net/ethernet/dial"
import { parseAddress } from "../../src/net/ethernet/ip"
import { simBus } from "./simbus"

// src/mainethernet.ts, but for the pins
const address = parseAddress(await readAddress())
const config = await readConfig()
await startApp({ dial: dialEthernet({ bus: simBus(), address }), ...config })
