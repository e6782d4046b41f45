// The board's one socket, wanted by two at the same time.
import { connect as connectTcp } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"
import { connect } from "../../../src"

const port = await readSetting("PORT", 0)
const url = `ws://127.0.0.1:${port}/`

async function attempt(who: string, body: () => Promise<unknown>) {
    try {
        await body()
        console.log(`${who}: connected`)
    } catch (e: any) {
        console.log(`${who}: ${e.message}`)
    }
}

async function websocket() {
    await connect(url)
}

async function tcp() {
    await connectTcp({ host: "127.0.0.1", port, timeout: 1000 })
}

const ws = await connect(url)
await attempt("second WebSocket", websocket)
await attempt("TCP beside a WebSocket", tcp)
await ws.send("still here")
console.log((await ws.recv()).text())
await ws.close()

const socket = await connectTcp({ host: "127.0.0.1", port })
console.log("TCP after a WebSocket: connected")
await attempt("WebSocket beside TCP", websocket)
await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
console.log((await socket.recv()).toString("utf-8").slice(0, 12))
await socket.close()

await attempt("WebSocket after TCP", websocket)
