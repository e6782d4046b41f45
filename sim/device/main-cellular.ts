import { startApp } from "../../src/app/app"
import { readConfig } from "../../src/app/config"
import { spiRegisters } from "../../src/net/cellular/registers"
import { startModem } from "../../src/app/networks/modem"
import { simBus } from "./sim-bus"
import { simDialect } from "./sim-dialect"

// src/main-cellular.ts, but for the pins
const dial = await startModem(spiRegisters(simBus("spi")), await simDialect())
const config = await readConfig()
await startApp({ dial, ...config })
