import { startApp } from "../../src/app"
import { readConfig } from "../../src/config"
import { spiRegisters } from "../../src/net/cellular/registers"
import { startModem } from "../../src/networks/modem"
import { simBus } from "./simbus"
import { simDialect } from "./simdialect"

// src/maincellular.ts, but for the pins
const dial = await startModem(spiRegisters(simBus("spi")), await simDialect())
const config = await readConfig()
await startApp({ dial, ...config })
