// Moves long messages each way, and back: by WebSocket, slice by slice, and by bare TCP in turn.
import { sleep } from "@devicescript/core"
import { connect as connectTcp } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"
import { connect, slices, startMessage } from "../../src"
import { mark } from "./mark"
import { echo } from "../../examples/echo"

const ws: number = await readSetting("WS", 0)
const tcp: number = await readSetting("TCP", 0)
const size: number = await readSetting("SIZE", 1024)
const count: number = await readSetting("COUNT", 1024)
const rounds: number = await readSetting("ROUNDS", 3)

const total = size * count
const slice = Buffer.alloc(1008)

async function overWebSocket() {
    const socket = await connect(`ws://127.0.0.1:${ws}/`)
    const reader = slices(socket)
    await socket.send("send")
    await mark("begin websocket received")
    for (let i = 0; i < count;) if ((await reader.recv()).last) i++
    await mark("end")

    await mark("begin websocket sent")
    for (let i = 0; i < count; ++i) {
        const writer = await startMessage(socket, false, size)
        let left = size
        for (; left > slice.length; left -= slice.length)
            await writer.write(slice)
        await writer.end(slice.slice(0, left))
    }
    await reader.recv()
    await mark("end")

    await socket.send("echo")
    await mark("begin websocket echoed")
    await echo(socket, { messages: 0, bytes: 0 })
    await mark("end")
}

async function overTcp() {
    const socket = await connectTcp({ host: "127.0.0.1", port: tcp })
    await socket.send("send")
    await mark("begin tcp received")
    for (let left = total; left > 0;) left -= (await socket.recv()).length
    await mark("end")

    await mark("begin tcp sent")
    let left = total
    for (let i = 0; left > 0; ++i) {
        await socket.send(left < slice.length ? slice.slice(0, left) : slice)
        left -= slice.length
        // The VM stops a program that does not pause.
        if (i % 32 === 31) await sleep(0)
    }
    await socket.recv()
    await mark("end")

    await socket.send("echo")
    await mark("begin tcp echoed")
    for (let left = total; left > 0;) {
        const chunk = await socket.recv()
        await socket.send(chunk)
        left -= chunk.length
    }
    await socket.recv()
    await mark("end")
    await socket.close()
}

for (let i = 0; i < rounds; ++i) {
    await overWebSocket()
    await overTcp()
}
await mark("done")
