// On an RP2040 with a W5500: the same work over WebSocket and over bare TCP. GP2 is high while something is to be measured.
import { pins } from "@dsboard/w5500_evb_pico"
import { GPIOMode } from "@devicescript/core"
import "@devicescript/gpio"
import { readSetting } from "@devicescript/settings"
import { connectOver, slices } from "../../src"
import { start } from "../../src/app/networks/ethernet"

const echo: number = await readSetting("ECHO", 0)
const burst: number = await readSetting("BURST", 0)
const tcpEcho: number = await readSetting("TCPECHO", 0)
const tcpBurst: number = await readSetting("TCPBURST", 0)
const sizes: number[] = await readSetting("SIZES", [])
const rounds: number = await readSetting("ROUNDS", 0)
const total: number = await readSetting("TOTAL", 0)

const host = "127.0.0.1"
const dial = await start()
const begin = () => pins.GP2.setMode(GPIOMode.OutputHigh)
const end = () => pins.GP2.setMode(GPIOMode.OutputLow)
end()

async function overWebSocket() {
    const ws = await connectOver(dial, `ws://${host}:${echo}/`)
    for (const size of sizes) {
        const message = Buffer.alloc(size)
        for (let i = 0; i < rounds; ++i) {
            begin()
            await ws.send(message)
            await ws.recv()
            end()
        }
    }
    await ws.close()
    const source = await connectOver(dial, `ws://${host}:${burst}/`)
    const reader = slices(source)
    for (let i = 0; i < rounds; ++i) {
        begin()
        await source.send("go")
        let bytes = 0
        while (bytes < total) bytes += (await reader.recv()).data.length
        end()
    }
    await source.close()
}

async function overTcp() {
    const stream = await dial({ host, port: tcpEcho })
    for (const size of sizes) {
        const message = Buffer.alloc(size)
        for (let i = 0; i < rounds; ++i) {
            begin()
            await stream.send(message)
            let bytes = 0
            while (bytes < size) bytes += (await stream.recv()).length
            end()
        }
    }
    await stream.close()
    const source = await dial({ host, port: tcpBurst })
    for (let i = 0; i < rounds; ++i) {
        begin()
        await source.send(Buffer.from("go"))
        let bytes = 0
        while (bytes < total) bytes += (await source.recv()).length
        end()
    }
    await source.close()
}

await overWebSocket()
await overTcp()
console.log("done")
