/** A board that speaks TLS by a pre-shared key, a server that does too, and somebody between them. */
import { once } from "node:events"
import {
    connect,
    createServer,
    type AddressInfo,
    type Server,
    type Socket,
} from "node:net"
import type { TestContext } from "node:test"
import * as tls from "node:tls"
import { Board } from "../../sim/board.ts"
import { BY_KEY, IDENTITY, KEY } from "../wire/psk.ts"

/** Content types (RFC 5246, 6.2.1). */
export const CHANGE_CIPHER_SPEC = 20
export const ALERT = 21
export const HANDSHAKE = 22
export const APPLICATION_DATA = 23

async function listen(t: TestContext, server: Server): Promise<number> {
    const sockets = new Set<Socket>()
    server.on("connection", (socket: Socket) => {
        sockets.add(socket)
        socket.on("error", () => {})
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    t.after(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
    })
    return (server.address() as AddressInfo).port
}

/** Node's server, which knows one key. @returns its port, and what went wrong in its handshakes */
export async function serve(
    t: TestContext,
    options: tls.TlsOptions = {},
    handle = (socket: tls.TLSSocket) => void socket.pipe(socket)
) {
    const server = tls.createServer(
        {
            ...BY_KEY,
            ...options,
        },
        socket => {
            socket.on("error", () => {})
            handle(socket)
        }
    )
    const errors: string[] = []
    server.on("tlsClientError", ({ message }) => errors.push(message))
    return { port: await listen(t, server), errors }
}

/** A server of bytes: what it does with a connection is all there is. */
export async function serveBytes(
    t: TestContext,
    handle: (socket: Socket) => void
) {
    return await listen(t, createServer(handle))
}

/** A record before there are keys. */
export function record(type: number, data: Buffer | number[]): Buffer {
    const head = [type, 3, 3, data.length >> 8, data.length & 0xff]
    return Buffer.from([...head, ...data])
}

/** What becomes of the `n`-th record, counted from 0 in each direction of each connection. */
export type Alter = (record: Buffer, n: number) => Buffer[]

/** Stands between board and server. @returns the port for the board */
export async function intercept(
    t: TestContext,
    port: number,
    down: Alter,
    up: Alter = record => [record]
): Promise<number> {
    return await serveBytes(t, board => {
        const server = connect({ port, host: "127.0.0.1" })
        server.on("error", () => board.destroy())
        carry(server, board, down)
        carry(board, server, up)
    })
}

/** Hands on what comes, record by record. */
export function carry(from: Socket, to: Socket, alter: Alter) {
    let kept = Buffer.alloc(0)
    let n = 0
    from.on("data", data => {
        kept = Buffer.concat([kept, data])
        while (kept.length >= 5 && kept.length >= 5 + kept.readUInt16BE(3)) {
            const end = 5 + kept.readUInt16BE(3)
            const record = Buffer.from(kept.subarray(0, end))
            kept = kept.subarray(end)
            for (const piece of alter(record, n++)) to.write(piece)
        }
    })
    from.on("close", () => to.destroy())
}

/** Runs `test/device/tls-client.ts`. */
export async function start(t: TestContext, settings: Record<string, unknown>) {
    const board = await Board.start("test/device/tls-client.ts", {
        settings: {
            host: "127.0.0.1",
            secure: true,
            identity: IDENTITY,
            key: KEY.toString("hex"),
            ...settings,
        },
    })
    t.after(() => board.stop())
    return board
}
