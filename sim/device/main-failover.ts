import { startApp } from "../../src/app/app"
import { readAccess, readAddress, readConfig } from "../../src/app/config"
import { i2cRegisters } from "../../src/net/cellular/registers"
import { startEthernet } from "../../src/net/ethernet/ethernet"
import { parseAddress } from "../../src/net/ethernet/ip"
import { failover } from "../../src/net/failover"
import { startModemBehind } from "../../src/net/cellular/start"
import { secure } from "../../src/app/secure.generated"
import { simBus, simI2c } from "./sim-bus"
import { simDialect } from "./sim-dialect"

// src/main-failover.ts with "network": ["ethernet", "cellular"], but for the pins
const address = parseAddress(await readAddress())
const dial = failover([
    await startEthernet({ bus: simBus(), address }),
    startModemBehind(i2cRegisters(simI2c("i2c")), {
        dialect: await simDialect(),
        ...(await readAccess()),
    }),
])
const config = await readConfig()
await startApp({ dial: await secure(dial), ...config })
