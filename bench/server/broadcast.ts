/** What a room costs by `ws` itself: the shortest server that hands each message to all others, without limit or log. */
import type { AddressInfo } from "node:net"
import { WebSocket, WebSocketServer } from "ws"

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/ws" })
server.on("connection", ws => {
    ws.on("message", (data, binary) => {
        for (const member of server.clients)
            if (member !== ws && member.readyState === WebSocket.OPEN)
                member.send(data, { binary })
    })
    ws.on("error", () => ws.terminate())
})
server.on("listening", () => {
    const { port } = server.address() as AddressInfo
    console.log(`listening on ws://127.0.0.1:${port}/ws`)
})
