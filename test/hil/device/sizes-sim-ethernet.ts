import { simBus } from "../../../sim/device/sim-bus"
import { readAddress } from "../../../src/app/config"
import { startEthernet } from "../../../src/net/ethernet/ethernet"
import { parseAddress } from "../../../src/net/ethernet/ip"
import { runSizes } from "./sizes"

const address = parseAddress(await readAddress())
await runSizes(await startEthernet({ bus: simBus(), address }))
