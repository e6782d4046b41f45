import { simBus } from "../../../sim/device/sim-bus"
import { simDialect } from "../../../sim/device/sim-dialect"
import { spiRegisters } from "../../../src/net/cellular/registers"
import { startModem } from "../../../src/app/networks/modem"
import { runSizes } from "./sizes"

await runSizes(
    await startModem(spiRegisters(simBus("spi")), await simDialect())
)
