/** What the tests of the client library share: its programs on a simulated board, and servers of the npm package `ws`. */
import assert from "node:assert/strict"
import { once, type EventEmitter } from "node:events"
import type { IncomingMessage, Server as HttpServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { TestContext } from "node:test"
import { WebSocket, WebSocketServer, type ServerOptions } from "ws"
import { Board, type BoardOptions } from "../../sim/board.ts"

/** How long the other side may take for anything, in milliseconds. */
const PATIENCE = 10_000

/**
 * Starts the program `client-NAME.ts`. The board stops with the test, which fails if the program has ended before.
 * @param settings the program's
 */
export async function startClient(
    t: TestContext,
    name: string,
    settings: Record<string, unknown>,
    options: BoardOptions = {}
): Promise<Board> {
    const entry = `test/device/programs/client-${name}.ts`
    const board = await Board.start(entry, { ...options, settings })
    t.after(async () => {
        await board.stop()
        const log = board.log.map(({ text }) => text).join("\n")
        assert.equal((await board.exited).name, "Stopped", log)
    })
    return board
}

/** Waits for an event. @returns its arguments */
export async function soon(from: EventEmitter, event: string) {
    const signal = AbortSignal.timeout(PATIENCE)
    try {
        return await once(from, event, { signal })
    } catch (error) {
        throw new Error(`expected "${event}" within ${PATIENCE} ms`, {
            cause: error,
        })
    }
}

/** A message as `ws` hands it over. */
export interface Received {
    data: Buffer
    isBinary: boolean
}

/** What a Close frame said; 1006: there was none. */
export interface End {
    code: number
    reason: string
}

/** A client of the server. A frame that breaks the protocol is an error that nothing handles: the test fails. */
export class Peer {
    private readonly closed: Promise<End>
    private readonly received: Received[] = []

    constructor(
        readonly socket: WebSocket,
        readonly request: IncomingMessage
    ) {
        socket.on("message", (data: Buffer, isBinary) =>
            this.received.push({ data, isBinary })
        )
        this.closed = new Promise(resolve =>
            socket.on("close", (code, reason) =>
                resolve({ code, reason: reason.toString() })
            )
        )
    }

    /** The TCP or TLS connection. */
    get tcp(): Socket {
        return this.request.socket
    }

    /** Waits for the end of the connection. */
    async end(): Promise<End> {
        if (this.socket.readyState !== WebSocket.CLOSED)
            await soon(this.socket, "close")
        return this.closed
    }

    /** The next message. */
    async message(): Promise<Received> {
        while (!this.received.length) {
            const message = soon(this.socket, "message")
            const end = await Promise.race([this.closed, message])
            if ("code" in end)
                throw new Error(`expected a message, closed with ${end.code}`)
        }
        return this.received.shift()!
    }

    /** Waits for the next message and compares it, with its type. */
    async expect(wanted: string | Buffer): Promise<void> {
        const { data, isBinary } = await this.message()
        const got = isBinary ? data : data.toString()
        assert.ok(got.length < 1000 || got.length === wanted.length)
        assert.deepEqual(got, wanted)
    }
}

/** A server of WebSockets. */
export interface Server {
    port: number
    url: string
    /** Every client so far. */
    peers: Peer[]
    /** Waits for the next client. */
    next(): Promise<Peer>
    /** Cuts all connections, and listens no longer. */
    stop(): Promise<void>
}

interface ServeOptions extends ServerOptions {
    /** What it does goes out together with the reply to the handshake, in one write. */
    greet?: (socket: WebSocket) => void
    /** Takes the connections; not yet listening. */
    server?: HttpServer
}

/** Serves WebSockets on 127.0.0.1, or on another `host`, until the test ends. */
export async function serve(
    t: TestContext,
    options: ServeOptions = {}
): Promise<Server> {
    const { greet, server, host = "127.0.0.1", port = 0 } = options
    const sockets = server
        ? new WebSocketServer({ ...options, host: undefined, port: undefined })
        : new WebSocketServer({ ...options, host, port })
    const peers: Peer[] = []
    const clients: Peer[] = []
    sockets.on("connection", (socket, request) => {
        const peer = new Peer(socket, request)
        peers.push(peer)
        clients.push(peer)
        if (!greet) return
        greet(socket)
        request.socket.uncork()
    })
    if (greet) sockets.on("headers", (_, { socket }) => socket.cork())
    server?.listen(port, host)
    await once(server ?? sockets, "listening")
    const stop = async () => {
        for (const { socket } of peers) socket.terminate()
        await new Promise(resolve => sockets.close(resolve))
        if (server?.listening)
            await new Promise(resolve => server.close(resolve))
    }
    t.after(stop)
    const chosen = ((server ?? sockets).address() as AddressInfo).port
    return {
        port: chosen,
        url: `ws://${host.includes(":") ? `[${host}]` : host}:${chosen}/`,
        peers,
        stop,
        next: async () => {
            while (!clients.length) await soon(sockets, "connection")
            return clients.shift()!
        },
    }
}
