/** The client of `stream-client.ts` over the modelled chip; with a key, by TLS. */
import { readSetting } from "@devicescript/settings"
import { simBus } from "../../sim/device/sim-bus"
import { startEthernet } from "../../src/net/ethernet/ethernet"
import { parseAddress } from "../../src/net/ethernet/ip"
import { tls } from "../../src/net/tls/tls"
import { runClient } from "./stream-client"

const address = parseAddress(await readSetting("address", "dhcp"))
const dial = await startEthernet({ bus: simBus(), address, hostName: "tester" })
const key = Buffer.from(await readSetting("key", ""), "hex")
await runClient(key.length ? tls(dial, { identity: "kitchen", key }) : dial)
