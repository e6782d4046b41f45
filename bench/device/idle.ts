// Shows the heap before, with and after a connection.
import { readSetting } from "@devicescript/settings"
import { connect, Connection } from "../../src"
import { mark } from "./mark"

const url = `ws://127.0.0.1:${await readSetting("WS", 0)}/`
const message = "12345678901234567890123456789012"

async function exchange(ws: Connection, count: number) {
    for (let i = 0; i < count; ++i) {
        await ws.send(message)
        await ws.recv()
    }
}

// The first connection fills what later ones share.
const first = await connect(url)
await exchange(first, 10)
await first.close()
await mark("without")
const ws = await connect(url)
await exchange(ws, 10)
await mark("idle")
await exchange(ws, 1000)
await mark("after 1000 messages")
await ws.close()
await mark("closed")
await mark("done")
