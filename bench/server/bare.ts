/** What `ws` by itself costs: the shortest reversing server, without a limit, a log or a count; `--compress` as here. */
import type { AddressInfo } from "node:net"
import { WebSocketServer } from "ws"

const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    path: "/ws",
    perMessageDeflate: process.argv.includes("--compress"),
})
server.on("connection", ws => {
    ws.on("message", (data: Buffer, isBinary) => {
        if (isBinary) ws.send(data.reverse())
        else ws.send([...data.toString()].reverse().join(""))
    })
    ws.on("error", () => ws.terminate())
})
server.on("listening", () => {
    const { port } = server.address() as AddressInfo
    console.log(`listening on ws://127.0.0.1:${port}/ws`)
})
