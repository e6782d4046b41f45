/** The far ends of the measurements: each does for WebSocket and for bare TCP the same work. */
import { once } from "node:events"
import { createServer, type AddressInfo, type Socket } from "node:net"
import { WebSocketServer, type WebSocket } from "ws"

export interface Peers {
    /** Ports. */
    ws: number
    tcp: number
    close(): void
}

/** Servers that send each message of `size` bytes back, with a write of its own. */
export function exchangePeers(size: number): Promise<Peers> {
    return listen(
        ws => ws.on("message", (data, binary) => ws.send(data, { binary })),
        socket => {
            let rest = Buffer.alloc(0)
            socket.on("data", data => {
                rest = Buffer.concat([rest, data])
                for (; rest.length >= size; rest = rest.subarray(size))
                    socket.write(rest.subarray(0, size))
            })
        }
    )
}

/** Servers that send, take and compare `count` messages of `size` bytes, as `device/bulk.ts` asks them to. */
export function bulkPeers(size: number, count: number): Promise<Peers> {
    const message = Buffer.alloc(size, "0123456789abcdef")
    const total = size * count
    return listen(
        ws => {
            let echoing = false
            let taken = 0
            ws.on("message", (data: Buffer, binary) => {
                if (!binary) {
                    taken = 0
                    echoing = data.toString() === "echo"
                    for (let i = 0; i < count; ++i) ws.send(message)
                } else if (echoing && !data.equals(message))
                    throw new Error("wrong echo")
                else if (++taken < count) return
                else if (echoing) ws.close()
                else ws.send("taken")
            })
        },
        socket => {
            let awaited = 0
            socket.on("data", data => {
                if (!awaited) {
                    awaited = total
                    if (data.length > 4) awaited -= data.length
                    else for (let i = 0; i < count; ++i) socket.write(message)
                    if (data.toString("latin1") === "send") awaited = 0
                } else awaited -= data.length
                if (!awaited && data.length > 4) socket.write("taken")
            })
        }
    )
}

async function listen(
    onWebSocket: (ws: WebSocket) => void,
    onSocket: (socket: Socket) => void
): Promise<Peers> {
    const wss = new WebSocketServer({ host: "127.0.0.1", port: 0 })
    wss.on("connection", onWebSocket)
    const server = createServer(socket => {
        socket.setNoDelay(true)
        socket.on("error", () => socket.destroy())
        onSocket(socket)
    }).listen(0, "127.0.0.1")
    await Promise.all([once(wss, "listening"), once(server, "listening")])
    return {
        ws: (wss.address() as AddressInfo).port,
        tcp: (server.address() as AddressInfo).port,
        close() {
            for (const ws of wss.clients) ws.terminate()
            wss.close()
            server.close()
        },
    }
}
