import { EventEmitter } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Registry } from "prom-client"
import { hostAndPort } from "./http/address.ts"
import {
    AdminListener,
    PLAIN,
    statusOf,
    type Health,
} from "./http/admin-listener.ts"
import {
    quotaExceeded,
    originOf,
    ownOrigins,
    pathOf,
    plainHttp,
    rejectionOf,
} from "./access/admission.ts"
import type { Rejection } from "./access/admission.ts"
import type { Transport } from "./websocket/transport.ts"
import { Connection } from "./websocket/connection.ts"
import type {
    ServerEvent,
    EventBody,
    EventMap,
    Reporter,
} from "./telemetry/events.ts"
import { HttpListener } from "./http/http-listener.ts"
import { Upgrader } from "./websocket/upgrade.ts"
import { createMetrics } from "./telemetry/metrics.ts"
import { settingsOf, type ServerOptions, type Settings } from "./options.ts"
import type { ClientAddress } from "./access/client-address.ts"
import { NAME_HEADER } from "./plot/devices.ts"
import { PLOT_PATH } from "./modes/plot-pages.ts"
import { Plot } from "./plot/plot.ts"
import { SourceServer } from "./modes/source-server.ts"
import { TELEPLOT } from "./plot/teleplot.ts"
import { servePage } from "./http/page.ts"
import { ConnectionQuota } from "./access/connection-quota.ts"
import { timestamp } from "./telemetry/timestamp.ts"
import { Counters, increase } from "./telemetry/counters.ts"

/** Where anyone may ask whether the server is well; the path is no WebSocket's. */
const HEALTH = "/health"

/** Messages a second that a page may send in any case: it asks for a batch after each frame. */
const PAGE_RATE = 100

/**
 * Starts a server and resolves when it listens.
 * @throws ListenError when a port is taken, or host and port cannot be listened on
 * @throws CertificateError when the certificate cannot be used
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
    /** The open connections. */
    readonly connections: ReadonlySet<Connection>
    /** Emits each `ServerEvent` under the name in its `event`. */
    readonly events = new EventEmitter<EventMap>()
    readonly #settings: Settings
    readonly #plot: Plot
    /** In plotter mode */
    readonly #sources?: SourceServer
    readonly #listener: HttpListener
    readonly #upgrader: Upgrader
    readonly #admin?: AdminListener
    readonly #quota: ConnectionQuota
    readonly #counters = new Counters()
    readonly #open = new Set<Connection>()
    #metrics?: Registry
    #heartbeat?: NodeJS.Timeout
    #closed?: Promise<void>

    constructor(settings: Settings, plot: Plot) {
        this.#settings = settings
        this.#plot = plot
        if (settings.mode === "plotter")
            this.#sources = new SourceServer(plot.publisher, (peer, event) =>
                this.#emit(peer, event)
            )
        if (settings.adminPort !== undefined) this.#admin = this.#createAdmin()
        this.connections = this.#open
        this.#quota = new ConnectionQuota(
            settings.maxConnections,
            settings.share
        )
        this.#upgrader = new Upgrader(settings, (request, socket, reason) =>
            this.#listener.refuse(
                socket,
                this.#listener.clientAddressOf(request).name,
                {
                    status: 400,
                    reason,
                }
            )
        )
        this.#listener = new HttpListener(settings, {
            request: (request, response) => this.#request(request, response),
            upgrade: (request, socket, head, peer) =>
                this.#upgrade(request, socket, head, peer),
            refused: (peer, rejection) => this.#refused(peer, rejection),
            renewed: problem => this.#emit("", { event: "renewed", problem }),
        })
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
        const scheme = this.#settings.certificate ? "https" : "http"
        return `${scheme}://${hostAndPort(this.#settings.host, this.port)}/`
    }

    /** Where a browser shows the devices and the plot. */
    get plotPage(): string {
        return new URL(PLOT_PATH, this.page).href
    }

    /** The URL for a client that reaches this machine by the address `host`. */
    urlAt(host: string): string {
        const { certificate, path } = this.#settings
        const scheme = certificate ? "wss" : "ws"
        return `${scheme}://${hostAndPort(host, this.port)}${path}`
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
            connections: this.#open.size,
            uptime: Math.round(process.uptime()),
            bus,
        }
    }

    /** The server's numbers; nothing is counted twice for asking often. */
    get metrics(): Registry {
        return (this.#metrics ??= createMetrics({
            counters: this.#counters,
            connections: this.#open,
            bus: this.#settings.bus,
            callers: () => this.#listener.callers,
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
        if (!ping) return
        this.#heartbeat = setInterval(() => {
            for (const connection of this.#open) connection.heartbeat()
        }, ping)
    }

    /** Reads the certificate again, if there is one; `renewed` tells how it went. */
    reload(): void {
        this.#listener.reload()
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
        const released = this.#listener.close()
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
        await this.#admin?.close()
    }

    #createAdmin(): AdminListener {
        return new AdminListener({
            health: () => this.health,
            metrics: () => this.metrics.metrics(),
            metricsType: this.metrics.contentType,
        })
    }

    #request(
        request: IncomingMessage,
        response: ServerResponse
    ): Rejection | undefined {
        const path = pathOf(request)
        const { pages, framed } = this.#settings
        const page = pages.get(path)
        if (page) servePage(request, response, page, framed)
        else if (path === HEALTH) {
            const { health } = this
            response
                .writeHead(statusOf(health), {
                    ...PLAIN,
                    "Content-Type": "text/plain",
                })
                .end(health.status + "\n")
        } else {
            const { secure } = this.#listener.clientAddressOf(request)
            return plainHttp(request, this.#settings.path, secure)
        }
        return undefined
    }

    #upgrade(
        request: IncomingMessage,
        socket: Duplex,
        head: Buffer,
        peer: ClientAddress
    ): void {
        const { mode, path, origins, tokens, plotPaths } = this.#settings
        const isPage = plotPaths.has(pathOf(request))
        // a plotter is for all who plot; who talks to an echo server is no other site's business
        const own = isPage && mode !== "plotter"
        const rejection = rejectionOf(request, {
            path: isPage ? pathOf(request) : path,
            origins: origins ?? (own ? ownOrigins(request) : undefined),
            tokens,
            secure: peer.secure,
        })
        if (rejection)
            return this.#listener.refuse(socket, peer.name, rejection)
        const free = this.#quota.take(peer.address)
        if (typeof free === "string")
            return this.#listener.refuse(socket, peer.name, quotaExceeded(free))
        socket.once("close", free)
        this.#upgrader.accept({
            ...{ request, socket, head, peer },
            opened: channel => this.#admit(channel, request, isPage, peer.name),
            refused: (status, reason) =>
                this.#refused(peer.name, { status, reason }),
        })
    }

    /** Its own method, so that nothing that stays with the connection keeps the request in memory. */
    #admit(
        ws: Transport,
        request: IncomingMessage,
        isPage: boolean,
        peer: string
    ): void {
        const { socket } = request
        this.#listener.release(socket)
        increase(this.#counters.opened, ws.version)
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
        ws.once("close", code => {
            this.#open.delete(connection)
            this.#counters.end(connection, code)
        })
    }

    #connectPage(ws: Transport, socket: Socket, peer: string): Connection {
        const { maxRate } = this.#settings
        // the batches of a page are no news
        const wants = () => false
        const reporter = { ...this.#reporterOf(peer), wants }
        return this.#plot.openPage(settings => {
            const all = {
                ...this.#settings,
                ...settings,
                maxRate: maxRate && Math.max(maxRate, PAGE_RATE),
            }
            return new Connection(ws, socket, all, reporter)
        })
    }

    #connectDevice(
        ws: Transport,
        { socket, headers }: IncomingMessage,
        peer: string
    ): Connection {
        let settings = this.#settings
        if (ws.protocol === TELEPLOT) {
            const { reply } = settings
            settings = {
                ...settings,
                reply: message =>
                    device.take(message) ? undefined : reply?.(message),
            }
        }
        const connection = new Connection(
            ws,
            socket,
            settings,
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

    #refused(peer: string, { status, reason }: Rejection): void {
        increase(this.#counters.refused, String(status))
        this.#emit(peer, { event: "refused", status, reason })
    }

    /** Whether `onEvent` wants it. */
    #isTold(event: ServerEvent["event"]): boolean {
        const { onEvent, wantsEvent } = this.#settings
        return onEvent !== undefined && wantsEvent(event)
    }

    #reporterOf(peer: string): Reporter {
        return {
            wants: event =>
                this.#isTold(event) || this.events.listenerCount(event) > 0,
            report: body => this.#emit(peer, body),
        }
    }

    #emit(peer: string, body: EventBody): void {
        const event = body as ServerEvent
        event.time = timestamp()
        event.peer = peer
        if (this.#isTold(event.event)) this.#settings.onEvent?.(event)
        const events: EventEmitter = this.events
        events.emit(event.event, event)
    }
}
