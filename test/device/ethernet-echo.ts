import { readSetting } from "@devicescript/settings"
import { simBus } from "../../sim/device/simbus"
import { dialEthernet } from "../../src/net/ethernet/dial"

const port = await readSetting("port", 0)
const host = await readSetting("host", "machine.lan")
const dial = dialEthernet({ bus: simBus() })
const stream = await dial({ host, port })
await stream.send(Buffer.from("hello"))
const answer = await stream.recv()
console.log(`answer: ${answer.toString("utf-8")}`)
await stream.close()
console.log("closed")
