import { startApp } from "../../src/app"
import { readAddress, readConfig } from "../../src/config"
import { i2cRegisters } from "../../src/net/cellular/registers"
import { dialEthernet } from "../../src/net/ethernet/dial"
import { parseAddress } from "../../src/net/ethernet/ip"
import { failover } from "../../src/net/failover"
import { startModem } from "../../src/networks/modem"
import { simBus, simI2c } from "./simbus"
import { simDialect } from "./simdialect"

// src/mainfailover.ts with "network": ["ethernet", "cellular"], but for the pins
const address = parseAddress(await readAddress())
const dial = failover([
    dialEthernet({ bus: simBus(), address }),
    await startModem(i2cRegisters(simI2c("i2c")), await simDialect()),
])
const config = await readConfig()
await startApp({ dial, ...config })
