import { EventEmitter, once } from "node:events"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import type { Server as Handshakes, ServerOptions } from "ws"
import { hostAndPort } from "./address.ts"
import { originOf, pathOf, plainHttp, refusalOf } from "./admission.ts"
import type { Refusal } from "./admission.ts"
import { StandardChannel, type Channel } from "./channel.ts"
import { Connection } from "./connection.ts"
import { DraftChannel, draftOf, draftProtocolOf } from "./draft.ts"
import type { EchoEvent, EventBody, EventMap, Reporter } from "./events.ts"
import { listenError } from "./listen-error.ts"
import { settingsOf, type EchoOptions, type Settings } from "./options.ts"
import { servePage } from "./pages.ts"
import { answerOf, refuse } from "./refuse.ts"

/** TCP connections that may be open besides the WebSockets, to ask for something; further ones are dropped. */
const CALLERS = 256

/**
 * Starts a server and resolves when it listens.
 * @throws ListenError when the port is taken, or host and port cannot be listened on
 */
export async function startEchoServer(
    options: EchoOptions = {}
): Promise<EchoServer> {
    const server = new EchoServer(settingsOf(options))
    await server.listen()
    return server
}

/** A running server; `startEchoServer` makes it. */
export class EchoServer {
    /** The open connections. */
    readonly connections: ReadonlySet<Connection>
    /** Emits each `EchoEvent` under the name in its `event`. */
    readonly events = new EventEmitter<EventMap>()
    readonly #settings: Settings
    readonly #http: Server
    readonly #handshakes: Handshakes<typeof StandardChannel>
    readonly #open = new Set<Connection>()
    /** TCP connections that have not become WebSockets, and who they are */
    readonly #callers = new Map<Duplex, string>()
    #port = 0
    #heartbeat?: NodeJS.Timeout
    #closed?: Promise<void>

    constructor(settings: Settings) {
        this.#settings = settings
        this.connections = this.#open
        this.#handshakes = new WebSocketServer(handshakeOptions(settings))
        this.#handshakes.on("wsClientError", ({ message }, socket) =>
            this.#refuse(socket, { status: 400, reason: message })
        )
        this.#http = this.#createHttpServer()
    }

    /** The port that it listens on. */
    get port(): number {
        return this.#port
    }

    /** Where a client connects. */
    get url(): string {
        return this.urlAt(this.#settings.host)
    }

    /** Where a browser shows the server at work. */
    get page(): string {
        return `http://${hostAndPort(this.#settings.host, this.port)}/`
    }

    /** The URL for a client that reaches this machine by the address `host`. */
    urlAt(host: string): string {
        return `ws://${hostAndPort(host, this.port)}${this.#settings.path}`
    }

    /** @internal */
    async listen(): Promise<void> {
        const { host, port, ping } = this.#settings
        try {
            await once(this.#http.listen(port, host), "listening")
        } catch (error) {
            throw listenError(error as NodeJS.ErrnoException, host, port)
        }
        this.#port = (this.#http.address() as AddressInfo).port
        if (!ping) return
        this.#heartbeat = setInterval(() => {
            for (const connection of this.#open) connection.heartbeat()
        }, ping)
    }

    /**
     * Stops listening, closes every connection with 1001 (going away, RFC 6455 section 7.4.1), and drops those that
     * have not answered within the close timeout. Resolves when nothing is left.
     */
    close(): Promise<void> {
        return (this.#closed ??= this.#shutDown())
    }

    async #shutDown(): Promise<void> {
        clearInterval(this.#heartbeat)
        const released = once(this.#http, "close")
        this.#http.close()
        for (const socket of this.#callers.keys()) socket.destroy()
        const connections = [...this.#open]
        for (const connection of connections)
            connection.close(1001, "server is shutting down")
        const deadline = setTimeout(() => {
            for (const connection of connections) connection.terminate()
        }, this.#settings.closeTimeout)
        await Promise.all(connections.map(connection => connection.closed))
        await released
        clearTimeout(deadline)
    }

    #createHttpServer(): Server {
        const { handshakeTimeout, maxConnections, path, pages } = this.#settings
        const http = createServer({
            headersTimeout: handshakeTimeout,
            requestTimeout: handshakeTimeout,
            connectionsCheckingInterval: handshakeTimeout / 4,
        })
        http.maxConnections = maxConnections + CALLERS
        http.on("connection", (socket: Socket) => {
            const { remoteAddress, remotePort } = socket
            this.#callers.set(socket, hostAndPort(remoteAddress, remotePort))
            socket.once("close", () => this.#callers.delete(socket))
        })
        http.on("request", (request, response) => {
            const page = pages.get(pathOf(request))
            if (page) return servePage(request, response, page)
            const refusal = plainHttp(request, path)
            const { headers, body } = answerOf(refusal)
            this.#emitRefused(request.socket, refusal)
            response.writeHead(refusal.status, headers).end(body)
        })
        http.on("upgrade", (request, socket, head) =>
            this.#upgrade(request, socket, head)
        )
        http.on("clientError", (error: NodeJS.ErrnoException, socket) =>
            this.#broken(error, socket)
        )
        return http
    }

    #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
        const refusal = refusalOf(request, {
            path: this.#settings.path,
            origins: this.#settings.origins,
            isFull: () => this.#open.size >= this.#settings.maxConnections,
        })
        if (refusal) return this.#refuse(socket, refusal)
        if (draftOf(request)) return this.#acceptDraft(request, head)
        this.#handshakes.handleUpgrade(request, socket, head, channel =>
            this.#opened(request, channel)
        )
    }

    #acceptDraft(request: IncomingMessage, head: Buffer): void {
        const { subprotocols } = this.#settings
        const asked = draftProtocolOf(request)
        const channel = new DraftChannel(request, {
            ...this.#settings,
            secure: false,
            protocol: subprotocols.includes(asked) ? asked : "",
        })
        const peer = this.#peerOf(request.socket)
        const late = () =>
            this.#emit(peer, {
                event: "refused",
                status: 408,
                reason: "The handshake was not finished",
            })
        channel.once("close", late)
        channel.once("open", () => {
            channel.off("close", late)
            this.#opened(request, channel)
        })
        channel.start(head)
    }

    #opened(request: IncomingMessage, channel: Channel): void {
        const { socket } = request
        const peer = this.#peerOf(socket)
        this.#callers.delete(socket)
        this.#emit(peer, {
            event: "connection",
            path: pathOf(request),
            origin: originOf(request),
            protocol: channel.protocol || undefined,
            version: channel.version,
        })
        const connection = new Connection(
            channel,
            socket,
            this.#settings,
            this.#reporterOf(peer)
        )
        this.#open.add(connection)
        channel.once("close", () => this.#open.delete(connection))
    }

    /** A request that is not HTTP, too long, or too slow. */
    #broken({ code, message }: NodeJS.ErrnoException, socket: Duplex): void {
        if (!socket.writable) return void socket.destroy()
        if (code === "HPE_HEADER_OVERFLOW")
            this.#refuse(socket, { status: 431, reason: message })
        else if (code === "ERR_HTTP_REQUEST_TIMEOUT")
            this.#refuse(socket, { status: 408, reason: message })
        else this.#refuse(socket, { status: 400, reason: message })
    }

    #refuse(socket: Duplex, refusal: Refusal): void {
        this.#emitRefused(socket, refusal)
        refuse(socket, refusal)
    }

    #emitRefused(socket: Duplex, { status, reason }: Refusal): void {
        this.#emit(this.#peerOf(socket), { event: "refused", status, reason })
    }

    #peerOf(socket: Duplex): string {
        return this.#callers.get(socket) ?? "unknown"
    }

    #reporterOf(peer: string): Reporter {
        return {
            wants: event =>
                this.#settings.onEvent !== undefined ||
                this.events.listenerCount(event) > 0,
            report: body => this.#emit(peer, body),
        }
    }

    #emit(peer: string, body: EventBody): void {
        const time = new Date().toISOString()
        const event = { ...body, time, peer } as EchoEvent
        this.#settings.onEvent?.(event)
        const events: EventEmitter = this.events
        events.emit(event.event, event)
    }
}

/** `closeTimeout` is missing from the types of `ws`. */
type HandshakeOptions = ServerOptions<typeof StandardChannel> & {
    closeTimeout: number
}

function handshakeOptions(settings: Settings): HandshakeOptions {
    const { subprotocols, maxMessage, closeTimeout, faults } = settings
    return {
        noServer: true,
        WebSocket: StandardChannel,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: maxMessage,
        autoPong: !faults.noPong,
        closeTimeout,
        handleProtocols: offered =>
            [...offered].find(name => subprotocols.includes(name)) ?? false,
    }
}
