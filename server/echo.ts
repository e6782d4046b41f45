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
import { NAME_HEADER } from "./plot/devices.ts"
import { PLOT_PATH } from "./plot/pages.ts"
import { Plot } from "./plot/plot.ts"
import { SourceServer } from "./plot/sources.ts"
import { TELEPLOT } from "./plot/teleplot.ts"
import { servePage } from "./pages.ts"
import { answerOf, refuse } from "./refuse.ts"
import { timestamp } from "./timestamp.ts"

/** TCP connections that may be open besides the WebSockets, to ask for something; further ones are dropped. */
const CALLERS = 256

/**
 * Starts a server and resolves when it listens.
 * @throws ListenError when the port is taken, or host and port cannot be listened on
 */
export async function startEchoServer(
    options: EchoOptions = {}
): Promise<EchoServer> {
    const settings = settingsOf(options)
    const server = new EchoServer(settings, await Plot.start(settings.bus))
    try {
        await server.listen()
    } catch (error) {
        await server.close()
        throw error
    }
    return server
}

/** A running server; `startEchoServer` makes it. */
export class EchoServer {
    /** The open connections. */
    readonly connections: ReadonlySet<Connection>
    /** Emits each `EchoEvent` under the name in its `event`. */
    readonly events = new EventEmitter<EventMap>()
    readonly #settings: Settings
    readonly #plot: Plot
    /** In plotter mode */
    readonly #sources?: SourceServer
    readonly #http: Server
    readonly #handshakes: Handshakes<typeof StandardChannel>
    readonly #open = new Set<Connection>()
    /** TCP connections that have not become WebSockets, and who they are */
    readonly #callers = new Map<Duplex, string>()
    #port = 0
    #heartbeat?: NodeJS.Timeout
    #closed?: Promise<void>

    constructor(settings: Settings, plot: Plot) {
        this.#settings = settings
        this.#plot = plot
        if (settings.mode === "plotter")
            this.#sources = new SourceServer(plot.feed)
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

    /** The TCP port for data sources, in plotter mode. */
    get sourcePort(): number | undefined {
        return this.#sources?.port
    }

    /** Where a browser shows the server at work. */
    get page(): string {
        return `http://${hostAndPort(this.#settings.host, this.port)}/`
    }

    /** Where a browser shows the devices and the plot. */
    get plotPage(): string {
        return new URL(PLOT_PATH, this.page).href
    }

    /** The URL for a client that reaches this machine by the address `host`. */
    urlAt(host: string): string {
        return `ws://${hostAndPort(host, this.port)}${this.#settings.path}`
    }

    /** @internal */
    async listen(): Promise<void> {
        const { host, port, sourcePort, ping } = this.#settings
        try {
            await once(this.#http.listen(port, host), "listening")
        } catch (error) {
            throw listenError(error as NodeJS.ErrnoException, host, port)
        }
        this.#port = (this.#http.address() as AddressInfo).port
        await this.#sources?.listen(host, sourcePort)
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
        const released = this.#http.listening && once(this.#http, "close")
        this.#http.close()
        for (const socket of this.#callers.keys()) socket.destroy()
        const connections = [...this.#open]
        for (const connection of connections)
            connection.close(1001, "server is shutting down")
        const deadline = setTimeout(() => {
            for (const connection of connections) connection.terminate()
        }, this.#settings.closeTimeout)
        await Promise.all(connections.map(connection => connection.closed))
        await this.#sources?.close()
        await released
        clearTimeout(deadline)
        await this.#plot.close()
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
        const isPage = this.#settings.plotPaths.has(pathOf(request))
        const refusal = refusalOf(request, {
            path: isPage ? pathOf(request) : this.#settings.path,
            origins: this.#settings.origins,
            isFull: () => this.#open.size >= this.#settings.maxConnections,
        })
        if (refusal) return this.#refuse(socket, refusal)
        if (draftOf(request)) return this.#acceptDraft(request, head, isPage)
        this.#handshakes.handleUpgrade(request, socket, head, channel =>
            this.#admit(channel, request, isPage)
        )
    }

    #acceptDraft(
        request: IncomingMessage,
        head: Buffer,
        isPage: boolean
    ): void {
        const channel = new DraftChannel(request, {
            ...this.#settings,
            secure: false,
            protocol: agreed(this.#settings, [draftProtocolOf(request)]) ?? "",
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
            this.#admit(channel, request, isPage)
        })
        channel.start(head)
    }

    /** Its own method, so that nothing that stays with the connection keeps the request in memory. */
    #admit(ws: Channel, request: IncomingMessage, isPage: boolean): void {
        const { socket } = request
        const peer = this.#peerOf(socket)
        this.#callers.delete(socket)
        this.#emit(peer, {
            event: "connection",
            path: pathOf(request),
            origin: originOf(request),
            protocol: ws.protocol || undefined,
            version: ws.version,
        })
        const connection = isPage
            ? this.#connectPage(ws, socket, peer)
            : this.#connectDevice(ws, request, peer)
        this.#open.add(connection)
        ws.once("close", () => this.#open.delete(connection))
    }

    #connectPage(ws: Channel, socket: Socket, peer: string): Connection {
        // the batches of a page are no news
        const wants = () => false
        const reporter = { ...this.#reporterOf(peer), wants }
        return this.#plot.openPage(
            settings =>
                new Connection(
                    ws,
                    socket,
                    { ...this.#settings, ...settings },
                    reporter
                )
        )
    }

    #connectDevice(
        ws: Channel,
        { socket, headers }: IncomingMessage,
        peer: string
    ): Connection {
        const { reply } = this.#settings
        const settings: Settings = { ...this.#settings }
        if (ws.protocol === TELEPLOT)
            settings.reply = message =>
                device.take(message) ? undefined : reply?.(message)
        const connection = new Connection(
            ws,
            socket,
            ws.protocol === TELEPLOT ? settings : this.#settings,
            this.#reporterOf(peer)
        )
        const device = this.#plot.devices.add(
            {
                name: headers[NAME_HEADER]?.toString(),
                address: peer,
                protocol: [ws.version, ws.protocol].filter(Boolean).join(", "),
            },
            connection
        )
        return connection
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
        const event = body as EchoEvent
        event.time = timestamp()
        event.peer = peer
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
    const { maxMessage, closeTimeout, faults } = settings
    return {
        noServer: true,
        WebSocket: StandardChannel,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: maxMessage,
        autoPong: !faults.noPong,
        closeTimeout,
        handleProtocols: offered => agreed(settings, offered) ?? false,
    }
}

/** The first subprotocol of those offered that the server speaks. */
function agreed(
    { subprotocols }: Settings,
    offered: Iterable<string>
): string | undefined {
    return [...offered].find(
        name => name === TELEPLOT || subprotocols.includes(name)
    )
}
