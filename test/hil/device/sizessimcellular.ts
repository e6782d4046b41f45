import { simBus } from "../../../sim/device/simbus"
import { simDialect } from "../../../sim/device/simdialect"
import { spiRegisters } from "../../../src/net/cellular/registers"
import { startModem } from "../../../src/networks/modem"
import { runSizes } from "./sizes"

await runSizes(
    await startModem(spiRegisters(simBus("spi")), await simDialect())
)
