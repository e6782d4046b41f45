// Exchanges messages with an echo server, some on their way at any time: by WebSocket and by bare TCP in turn.
import { connect as connectTcp } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"
import { connect } from "../../src"
import { mark } from "./mark"

const ws: number = await readSetting("WS", 0)
const tcp: number = await readSetting("TCP", 0)
const size: number = await readSetting("SIZE", 32)
const depth: number = await readSetting("DEPTH", 10)
const count: number = await readSetting("COUNT", 1000)
const rounds: number = await readSetting("ROUNDS", 5)

const bytes = Buffer.alloc(size)
for (let i = 0; i < size; ++i) bytes[i] = 0x41 + (i % 26)
const message = bytes.toString()

async function overWebSocket() {
    const socket = await connect(`ws://127.0.0.1:${ws}/`)
    await mark("begin websocket")
    for (let i = 0; i < depth; ++i) await socket.send(message)
    for (let i = depth; i < count + depth; ++i) {
        await socket.recv()
        if (i < count) await socket.send(message)
    }
    await mark("end")
    await socket.close()
}

async function overTcp() {
    const socket = await connectTcp({ host: "127.0.0.1", port: tcp })
    await mark("begin tcp")
    for (let i = 0; i < depth; ++i) await socket.send(message)
    let sent = depth
    let bytes = 0
    while (bytes < count * size) {
        bytes += (await socket.recv()).length
        while (sent < count && sent * size < bytes + depth * size) {
            await socket.send(message)
            sent++
        }
    }
    await mark("end")
    await socket.close()
}

for (let i = 0; i < rounds; ++i) {
    await overWebSocket()
    await overTcp()
}
await mark("done")
