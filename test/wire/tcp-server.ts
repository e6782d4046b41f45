/** TCP and TLS servers for a simulated board to talk to. */
import { readFileSync } from "node:fs"
import {
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import type { TestContext } from "node:test"
import { createServer as createTlsServer } from "node:tls"
import { once } from "./wait.ts"

const pem = (name: string) =>
    readFileSync(new URL(`../certificates/${name}.pem`, import.meta.url))

/** A self-signed certificate for localhost and 127.0.0.1. */
export const certificate = pem("test-only.cert")
/** What a server with that certificate needs. */
export const credentials = { key: pem("test-only.key"), cert: certificate }

type Serve = (socket: Socket) => void

/** Serves TCP on a free port of 127.0.0.1 until the test ends. @returns the port */
export function tcpPeer(t: TestContext, serve: Serve): Promise<number> {
    return listen(t, createServer(serve))
}

/** Serves TLS on a free port of 127.0.0.1 until the test ends. @returns the port */
export function tlsPeer(t: TestContext, serve: Serve): Promise<number> {
    return listen(t, createTlsServer(credentials, serve))
}

/** Listens on a free port of 127.0.0.1 until the test ends. @returns the port */
export async function listen(t: TestContext, server: Server): Promise<number> {
    const sockets = new Set<Socket>()
    server.on("connection", (socket: Socket) => {
        sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => sockets.delete(socket))
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    t.after(async () => {
        server.close()
        for (const socket of sockets) socket.destroy()
        if (server.listening) await once(server, "close")
    })
    return (server.address() as AddressInfo).port
}
