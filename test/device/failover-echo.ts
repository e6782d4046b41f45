/** The echo program over Ethernet, and over a modem when that fails, with times that a test can wait for. */
import { readSetting } from "@devicescript/settings"
import { simBus, simI2c } from "../../sim/device/sim-bus"
import { startApp } from "../../src/app/app"
import { readConfig } from "../../src/app/config"
import { i2cRegisters } from "../../src/net/cellular/registers"
import { simcom } from "../../src/net/cellular/simcom"
import { startEthernet } from "../../src/net/ethernet/ethernet"
import { failover } from "../../src/net/failover"
import { startModemBehind } from "../../src/net/cellular/start"

const networks = [
    await startEthernet({ bus: simBus() }),
    startModemBehind(i2cRegisters(simI2c("i2c")), { dialect: simcom() }),
]
const dial = failover(networks, {
    patience: await readSetting("patience", 1000),
    retry: await readSetting("retry", 1000),
    quiet: 100,
})
const config = await readConfig()
await startApp({ dial, ...config })
