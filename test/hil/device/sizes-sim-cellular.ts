import { simBus } from "../../../sim/device/sim-bus"
import { simDialect } from "../../../sim/device/sim-dialect"
import { spiRegisters } from "../../../src/net/cellular/registers"
import { startModemBehind } from "../../../src/net/cellular/start"
import { runSizes } from "./sizes"

await runSizes(
    startModemBehind(spiRegisters(simBus("spi")), {
        dialect: await simDialect(),
    })
)
