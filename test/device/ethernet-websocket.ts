/** WebSockets over the modelled chip: what the setting `mode` says, as often as `count` says. */
import { readSetting } from "@devicescript/settings"
import { echo } from "../../examples/echo"
import { simBus } from "../../sim/device/sim-bus"
import { Connection, connectOver } from "../../src"
import { startEthernet } from "../../src/net/ethernet/ethernet"
import { parseAddress } from "../../src/net/ethernet/ip"

const url = await readSetting("url", "")
const mode = await readSetting("mode", "exchange")
const count = await readSetting("count", 1)
const size = await readSetting("size", 32)
const address = parseAddress("192.168.77.50/24 192.168.77.1 192.168.77.1")
const dial = await startEthernet({ bus: simBus(), address })

/** Exchanges `count` messages of `size` bytes. */
async function exchange(name: string) {
    const ws = await connectOver(dial, url)
    console.log(`${name} open`)
    for (let n = 1; n <= count; ++n) {
        const message = Buffer.alloc(size)
        message.fillAt(0, size, 0x30 + (n % 64))
        const text = message.toString("utf-8")
        await ws.send(text)
        const reply = await ws.recv()
        if (!reply || reply.text() !== text)
            throw new Error(`${name}: exchange ${n} went wrong`)
        if (n % 100 === 0) console.log(`${name} at ${n}`)
    }
    await close(name, ws)
}

/** Sends everything back that comes, message by message, in slices. */
async function stream(name: string) {
    const ws = await connectOver(dial, url)
    const echoed = { messages: 0, bytes: 0 }
    await echo(ws, echoed)
    console.log(`${name} echoed ${echoed.bytes}`)
}

async function close(name: string, ws: Connection) {
    await ws.close(1000)
    console.log(`${name} done ${count}`)
}

if (mode === "stream") await stream("one")
else if (mode === "two") {
    exchange.start("one")
    await exchange("two")
} else await exchange("one")
