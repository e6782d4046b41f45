/** WebSockets over a modelled modem: what the setting `mode` says. */
import { millis } from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { echo } from "../../examples/echo"
import { simBus } from "../../sim/device/sim-bus"
import { connectOver } from "../../src"
import { Modem } from "../../src/net/cellular/modem"
import { quectel } from "../../src/net/cellular/quectel"
import { spiRegisters } from "../../src/net/cellular/registers"
import { Sc16is7xx } from "../../src/net/cellular/sc16is7xx"
import { Dial } from "../../src/net/stream"
import { simcom } from "../../src/net/cellular/simcom"

const url = await readSetting("url", "")
const mode = await readSetting("mode", "exchange")
const count = await readSetting("count", 1)
const make = await readSetting("modem", "simcom")
const uart = new Sc16is7xx({ registers: spiRegisters(simBus("spi")) })
const modem = new Modem({
    uart,
    dialect: make === "simcom" ? simcom() : quectel(),
})
const dial: Dial = async address => await modem.dial(address)

/** Exchanges `count` messages of 32 bytes, and tells what 100 of them take. */
async function exchange() {
    const ws = await connectOver(dial, url)
    let start = millis()
    for (let n = 1; n <= count; ++n) {
        const text = `${100000 + n}`.slice(1) + "abcdefghijklmnopqrstuvwxyz0"
        await ws.send(text)
        const reply = await ws.recv()
        if (!reply || reply.text() !== text)
            throw new Error(`exchange ${n} went wrong`)
        if (n % 100) continue
        console.log(`at ${n}, ${millis() - start} ms`)
        start = millis()
    }
    await ws.close(1000)
    console.log(`done ${count}`)
}

/** Sends everything back that comes, message by message, in slices. */
async function stream() {
    const ws = await connectOver(dial, url)
    const echoed = { messages: 0, bytes: 0 }
    await echo(ws, echoed)
    console.log(`echoed ${echoed.bytes}`)
}

if (mode === "stream") await stream()
else await exchange()
