/** The client of `streamclient.ts` over the modelled chip. */
import { readSetting } from "@devicescript/settings"
import { simBus } from "../../sim/device/sim-bus"
import { startEthernet } from "../../src/net/ethernet/ethernet"
import { parseAddress } from "../../src/net/ethernet/ip"
import { runClient } from "./stream-client"

const address = parseAddress(await readSetting("address", "dhcp"))
await runClient(
    await startEthernet({ bus: simBus(), address, hostName: "tester" })
)
