import { startApp } from "../../src/app/app"
import { readAccess, readConfig } from "../../src/app/config"
import { spiRegisters } from "../../src/net/cellular/registers"
import { startModemBehind } from "../../src/net/cellular/start"
import { secure } from "../../src/app/secure.generated"
import { simBus } from "./sim-bus"
import { simDialect } from "./sim-dialect"

// src/main-cellular.ts, but for the pins
const dial = startModemBehind(spiRegisters(simBus("spi")), {
    dialect: await simDialect(),
    ...(await readAccess()),
})
const config = await readConfig()
await startApp({ dial: await secure(dial), ...config })
