import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import type { Registry } from "prom-client"
import {
    asksForWebSocket,
    handshakeRejection,
    originOf,
    ownOrigins,
    plainHttp,
    quotaExceeded,
} from "./access/admission.ts"
import {
    clientAddressOf,
    isTrusted,
    socketAddressOf,
    type ClientAddress,
} from "./access/client-address.ts"
import { ConnectionQuota, type Release } from "./access/connection-quota.ts"
import { hostRejection } from "./access/known-hosts.ts"
import { hostAndPort } from "./http/address.ts"
import { AdminListener, type Health } from "./http/admin-listener.ts"
import { HttpListener } from "./http/http-listener.ts"
import type { Rejection } from "./http/rejection.ts"
import { pathOf } from "./http/request.ts"
import { serveSite } from "./http/site.ts"
import { deviceBehavior, pageBehavior } from "./modes/behavior.ts"
import type { ModeContext } from "./modes/mode.ts"
import { PLOT_PATH } from "./modes/pages.ts"
import { SourceServer } from "./modes/source-server.ts"
import {
    hasCredentials,
    settingsOf,
    type ServerOptions,
    type Settings,
} from "./options.ts"
import { Plot } from "./plot/plot.ts"
import { Relay } from "./relay/relay.ts"
import { ROOM_NAME, roomOf } from "./relay/room-name.ts"
import { Counters, increase } from "./telemetry/counters.ts"
import { createMetrics } from "./telemetry/metrics.ts"
import { Reporter } from "./telemetry/reporter.ts"
import { ConnectionSet } from "./websocket/connection-set.ts"
import { Connection, type Behavior } from "./websocket/connection.ts"
import { FaultyConnection } from "./websocket/fault-injection.ts"
import type { Transport } from "./websocket/transport.ts"
import { Upgrader } from "./websocket/upgrade.ts"

/**
 * Starts a server and resolves when it listens.
 * @throws ListenError when a port is taken, or host and port cannot be listened on
 * @throws CredentialsError when the certificate cannot be used
 */
export async function startServer(
    options: ServerOptions = {}
): Promise<Server> {
    const settings = settingsOf(options)
    const plot = await Plot.start(settings.bus)
    let server: Server | undefined
    try {
        server = new Server(settings, plot)
        await server.listen()
        return server
    } catch (error) {
        await (server ?? plot).close()
        throw error
    }
}

/** A running server; `startServer` makes it. */
export class Server {
    readonly #settings: Settings
    readonly #plot: Plot
    readonly #relay: Relay
    readonly #reporter: Reporter
    readonly #counters = new Counters()
    readonly #connections = new ConnectionSet()
    readonly #quota: ConnectionQuota
    readonly #listener: HttpListener
    readonly #upgrader: Upgrader
    readonly #devices: Behavior
    readonly #pages: Behavior
    /** In a mode with data sources */
    readonly #sources?: SourceServer
    readonly #admin?: AdminListener
    #metrics?: Registry
    #heartbeat?: NodeJS.Timeout
    #closed?: Promise<void>

    constructor(settings: Settings, plot: Plot) {
        const { mode, prefix, quota, adminPort, handshakeTimeout } = settings
        const reporter = new Reporter(settings.on)
        this.#settings = settings
        this.#plot = plot
        this.#reporter = reporter
        this.#quota = new ConnectionQuota(quota)
        const relay = new Relay(settings.bus, settings)
        this.#relay = relay
        const context: ModeContext = {
            ...{ prefix, plot, relay },
            roomOf: path => roomOf(path, settings.path),
            identityOf: socket => this.#listener.identityOf(socket),
        }
        this.#devices = deviceBehavior(mode, context)
        this.#pages = pageBehavior(context)
        this.#upgrader = new Upgrader(
            settings,
            this.#counters.countCompressed,
            (request, socket, reason) =>
                this.#listener.reject(socket, { status: 400, reason }, request)
        )
        this.#listener = this.#createListener()
        if (mode.sourcePort !== undefined)
            this.#sources = new SourceServer({
                publisher: plot.publisher,
                reporter,
                quota: this.#quota,
                handshakeTimeout,
            })
        if (adminPort !== undefined) this.#admin = this.#createAdmin()
    }

    /** The open connections. */
    get connections(): ReadonlySet<Connection> {
        return this.#connections
    }

    /** The port that it listens on. */
    get port(): number {
        return this.#listener.port
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
        const scheme = hasCredentials(this.#settings) ? "https" : "http"
        return `${scheme}://${hostAndPort(this.#settings.host, this.port)}/`
    }

    /** Where a browser shows the devices and the plot. */
    get plotPage(): string {
        return new URL(PLOT_PATH, this.page).href
    }

    /** Whether a browser gets as far as the pages: pre-shared keys are nothing that it could show. */
    get isForBrowsers(): boolean {
        const { certificate, pskFile } = this.#settings
        return certificate !== undefined || pskFile === undefined
    }

    /** The URL for a client that reaches this machine by the address `host`. */
    urlAt(host: string): string {
        const scheme = hasCredentials(this.#settings) ? "wss" : "ws"
        return `${scheme}://${hostAndPort(host, this.port)}${this.#settings.path}`
    }

    /** The administrator's port, if there is one. */
    get adminPort(): number | undefined {
        return this.#admin?.port
    }

    /** How the server is. */
    get health(): Health {
        const bus = this.#settings.bus.status
        const open = bus.connected ? "ok" : "degraded"
        return {
            status: this.#closed ? "closing" : open,
            connections: this.#connections.size,
            uptime: Math.round(process.uptime()),
            bus,
        }
    }

    /** The server's numbers; nothing is counted twice for asking often. */
    get metrics(): Registry {
        return (this.#metrics ??= createMetrics({
            counters: this.#counters,
            connections: this.#connections,
            bus: this.#settings.bus,
            relay: this.#relay,
            asking: () => this.#listener.asking,
            dropped: () => this.#listener.dropped,
        }))
    }

    /** @internal */
    async listen(): Promise<void> {
        const { host, sourcePort, ping, adminHost, adminPort } = this.#settings
        await this.#listener.listen()
        await this.#sources?.listen(host, sourcePort)
        if (adminPort !== undefined)
            await this.#admin?.listen(adminHost, adminPort)
        if (ping)
            this.#heartbeat = setInterval(
                () => this.#connections.heartbeat(),
                ping
            )
    }

    /** Loads certificate and keys again, if there are any; the events `certificate` and `keys` tell how it went. */
    reload(): void {
        this.#listener.reload()
    }

    /**
     * Stops listening, closes every connection with 1001 (going away), and drops those that have not answered within the
     * close timeout. Resolves when nothing is left.
     */
    close(): Promise<void> {
        return (this.#closed ??= this.#shutDown())
    }

    async #shutDown(): Promise<void> {
        clearInterval(this.#heartbeat)
        const released = this.#listener.close()
        await this.#connections.close(this.#settings.closeTimeout)
        this.#relay.close()
        await this.#sources?.close()
        await released
        await this.#plot.close()
        await this.#admin?.close()
    }

    #createListener(): HttpListener {
        const { pages, framed, hosts } = this.#settings
        const site = { pages, framed, health: () => this.health }
        return new HttpListener(this.#settings, {
            connect: socket => this.#connect(socket),
            request: (request, response) => {
                const stranger = hostRejection(request, hosts)
                if (stranger) return stranger
                if (serveSite(site, request, response)) return undefined
                return plainHttp(
                    request,
                    this.#pathFor(request),
                    this.#clientOf(request).secure
                )
            },
            isUpgrade: asksForWebSocket,
            upgrade: (request, socket, head) =>
                this.#upgrade(request, socket, head),
            rejected: (socket, rejection, request) => {
                const { name } = request
                    ? this.#clientOf(request)
                    : socketAddressOf(socket)
                this.#rejected(name, rejection)
            },
            reloaded: (event, problem) =>
                this.#reporter.report("", { event, problem }),
        })
    }

    #createAdmin(): AdminListener {
        return new AdminListener({
            rejection: request => hostRejection(request, this.#settings.hosts),
            health: () => this.health,
            metrics: () => this.metrics.metrics(),
            metricsType: this.metrics.contentType,
        })
    }

    #clientOf({ socket, headers }: IncomingMessage): ClientAddress {
        return clientAddressOf(socket, headers, this.#settings.proxies)
    }

    /** A proxy's connections are its clients'. */
    #connect(socket: Socket): Release | undefined {
        const { address } = socketAddressOf(socket)
        if (isTrusted(address, this.#settings.proxies)) return () => {}
        return this.#quota.connect(address)
    }

    #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
        const client = this.#clientOf(request)
        const isPage = this.#settings.plotPaths.has(pathOf(request))
        const rejection = this.#rejectionOf(request, client, isPage)
        if (rejection) return this.#listener.reject(socket, rejection, request)
        const release = this.#quota.open(client.address)
        if (typeof release === "string")
            return this.#listener.reject(
                socket,
                quotaExceeded(release),
                request
            )
        socket.on("close", release)
        this.#upgrader.accept({
            ...{ request, socket, head, secure: client.secure },
            opened: transport =>
                this.#open(transport, request, isPage, client.name),
            abandoned: (status, reason) =>
                this.#rejected(client.name, { status, reason }),
        })
    }

    #rejectionOf(
        request: IncomingMessage,
        { secure }: ClientAddress,
        isPage: boolean
    ): Rejection | undefined {
        const { mode, hosts, origins, tokens } = this.#settings
        // a plotter is for all who plot; who talks to an echo server does not concern other sites
        const isPrivate = isPage ? mode.about !== undefined : mode.hasRooms
        const isRoom = !isPage && mode.hasRooms
        const room = isRoom ? this.#roomOf(request) : undefined
        return (
            handshakeRejection(request, {
                path: isPage ? pathOf(request) : this.#pathFor(request),
                hosts,
                origins:
                    origins ?? (isPrivate ? ownOrigins(request) : undefined),
                tokens,
                identity: this.#listener.identityOf(request.socket),
                room,
                secure,
            }) ?? (isRoom ? this.#roomRejection(room) : undefined)
        )
    }

    /** The path at which a request finds a WebSocket: with rooms, each below the server's own. */
    #pathFor(request: IncomingMessage): string {
        const { mode, path } = this.#settings
        const asked = pathOf(request)
        return mode.hasRooms && asked.startsWith(path) ? asked : path
    }

    #roomOf(request: IncomingMessage): string | undefined {
        return roomOf(pathOf(request), this.#settings.path)
    }

    #roomRejection(room: string | undefined): Rejection | undefined {
        if (room === undefined) return { status: 400, reason: ROOM_NAME }
        const reason = this.#relay.refusalOf(room)
        return reason ? { status: 503, reason } : undefined
    }

    /** A method of its own, so that nothing that stays with the connection keeps the request in memory. */
    #open(
        transport: Transport,
        request: IncomingMessage,
        isPage: boolean,
        peer: string
    ): void {
        const { socket } = request
        this.#listener.release(socket)
        increase(this.#counters.opened, transport.version)
        this.#reporter.report(peer, {
            event: "connection",
            path: pathOf(request),
            origin: originOf(request),
            protocol: transport.protocol || undefined,
            version: transport.version,
        })
        const connection = this.#connectionOf(transport, socket, isPage, peer)
        this.#connections.add(connection)
        connection.open(request, code => {
            this.#connections.delete(connection)
            this.#counters.ended(connection, code)
        })
    }

    #connectionOf(
        transport: Transport,
        socket: Socket,
        isPage: boolean,
        peer: string
    ): Connection {
        const { faults, deviceConnection, pageConnection } = this.#settings
        const options = {
            ...{ transport, socket, peer, reporter: this.#reporter },
            behavior: isPage ? this.#pages : this.#devices,
            settings: isPage ? pageConnection : deviceConnection,
        }
        if (!faults || isPage) return new Connection(options)
        return new FaultyConnection(faults, options)
    }

    #rejected(peer: string, { status, reason }: Rejection): void {
        increase(this.#counters.refused, String(status))
        this.#reporter.report(peer, { event: "refused", status, reason })
    }
}
