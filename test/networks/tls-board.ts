/** A board that speaks TLS by a pre-shared key, a server that does too, and somebody between them. */
import type { Server as HttpServer } from "node:http"
import type { Server as HttpsServer } from "node:https"
import { connect, type Socket } from "node:net"
import type { TestContext } from "node:test"
import * as tls from "node:tls"
import { WebSocketServer } from "ws"
import { Board } from "../../sim/board.ts"
import { BY_KEY, IDENTITY, KEY, PSK } from "../wire/psk.ts"
import { listen, tcpPeer } from "../wire/tcp-server.ts"

/** Content types (RFC 5246, 6.2.1). */
export const CHANGE_CIPHER_SPEC = 20
export const ALERT = 21
export const HANDSHAKE = 22
export const APPLICATION_DATA = 23

/** Node's server, which knows one key. @returns its port, and what went wrong in its handshakes */
export async function serve(
    t: TestContext,
    options: tls.TlsOptions = {},
    handle = (socket: tls.TLSSocket) => void socket.pipe(socket)
) {
    const server = tls.createServer({ ...BY_KEY, ...options }, socket => {
        socket.on("error", () => {})
        handle(socket)
    })
    const errors: string[] = []
    server.on("tlsClientError", ({ message }) => errors.push(message))
    return { port: await listen(t, server), errors }
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
    return await tcpPeer(t, board => {
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

/** Serves WebSockets that send back what comes. @returns the port */
export async function serveWebSockets(
    t: TestContext,
    server: HttpServer | HttpsServer
) {
    new WebSocketServer({ server }).on("connection", socket =>
        socket.on("message", (data, binary) => socket.send(data, { binary }))
    )
    return await listen(t, server)
}

/** Runs `test/device/tls-websocket.ts` to its end. */
export async function exchangeMessages(t: TestContext, port: number) {
    const url = `wss://127.0.0.1:${port}/`
    const board = await Board.start("test/device/tls-websocket.ts", {
        settings: { url, PSK },
    })
    t.after(() => board.stop())
    await board.expect("20 messages", 30_000)
}
