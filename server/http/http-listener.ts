import { once } from "node:events"
import {
    createServer as createHttpServer,
    ServerResponse,
    type IncomingMessage,
    type Server as HttpServer,
} from "node:http"
import {
    createServer as createHttpsServer,
    type Server as HttpsServer,
} from "node:https"
import type { BlockList, Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Rejection } from "../access/admission.ts"
import {
    readCertificate,
    watchCertificate,
    type CertificateFiles,
} from "./certificate.ts"
import { listen } from "./listen.ts"
import {
    isTrusted,
    socketAddressOf,
    clientAddressOf,
    type ClientAddress,
} from "../access/client-address.ts"
import { answerOf, refuse } from "./rejection.ts"
import {
    ConnectionQuota,
    type AddressQuota,
} from "../access/connection-quota.ts"

/**
 * TCP connections that may be open beyond the WebSockets for which there are seats, to ask for something. With one more
 * the oldest that has not become a WebSocket is dropped: who means to ask has done so by then.
 */
const CALLERS = 256

/** The same for one address, besides its WebSockets; there it is the newest that is dropped. */
const CALLERS_PER_ADDRESS = 32

/** Bytes of a request's headers. */
const MAX_HEADERS = 16 * 1024

/** Milliseconds that a connection which asked for a page may wait with its next request. */
const KEEP_ALIVE = 5000

/** The statuses for what Node's parser finds wrong; 400 for all else. */
const STATUS_OF: Record<string, number> = {
    HPE_HEADER_OVERFLOW: 431,
    ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** What a front bears, and whom it believes. Times are milliseconds. */
export interface HttpListenerSettings {
    host: string
    port: number
    certificate?: CertificateFiles
    proxies: BlockList
    maxConnections: number
    share: AddressQuota
    handshakeTimeout: number
}

/** What a front does not decide itself. */
export interface HttpListenerHandlers {
    /** A request that is no upgrade. @returns why it is refused, unless it was answered */
    request(
        request: IncomingMessage,
        response: ServerResponse
    ): Rejection | undefined
    upgrade(
        request: IncomingMessage,
        socket: Duplex,
        head: Buffer,
        peer: ClientAddress
    ): void
    refused(peer: string, rejection: Rejection): void
    /** The certificate was read again, or could not be: `problem` */
    renewed(problem?: string): void
}

/** The port: HTTP or HTTPS, with its time-outs and limits, up to where a request becomes a WebSocket. */
export class HttpListener {
    /** Connections that were dropped unheard, for there were too many */
    dropped = 0
    readonly #settings: HttpListenerSettings
    readonly #handlers: HttpListenerHandlers
    readonly #server: HttpServer | HttpsServer
    /** TCP connections that have not become WebSockets, by address and port */
    readonly #callers = new Map<string, Socket>()
    readonly #quota: ConnectionQuota
    /** TCP connections, WebSockets included */
    #open = 0
    /** Those whose TLS handshake is over */
    readonly #secure = new WeakSet<Duplex>()
    #unwatch = () => {}
    #port = 0

    /** @throws CertificateError */
    constructor(
        settings: HttpListenerSettings,
        handlers: HttpListenerHandlers
    ) {
        this.#settings = settings
        this.#handlers = handlers
        const { most, sparesLoopback } = settings.share
        this.#quota = new ConnectionQuota(Infinity, {
            most: most + CALLERS_PER_ADDRESS,
            sparesLoopback,
        })
        this.#server = this.#createServer()
        this.#server.on("connection", socket => this.#connected(socket))
        this.#server.on("request", (request, response) =>
            this.#request(request, response)
        )
        this.#server.on("upgrade", (request, socket, head) =>
            this.#upgrade(request, socket, head)
        )
        this.#server.on("clientError", (error, socket) =>
            this.#broken(error, socket)
        )
        this.#server.on("secureConnection", socket => this.#secure.add(socket))
    }

    /** The port that it listens on. */
    get port(): number {
        return this.#port
    }

    /** TCP connections that are no WebSockets, or not yet. */
    get callers(): number {
        return this.#callers.size
    }

    /** @throws ListenError */
    async listen(): Promise<void> {
        const { host, port, certificate } = this.#settings
        this.#port = await listen(this.#server, host, port)
        if (certificate)
            this.#unwatch = watchCertificate(certificate, () => this.reload())
    }

    /** Reads the certificate again; what is open stays, and if it cannot be read, so does the old one. */
    reload(): void {
        const { certificate } = this.#settings
        if (!certificate || !("setSecureContext" in this.#server)) return
        try {
            this.#server.setSecureContext(readCertificate(certificate))
            this.#handlers.renewed()
        } catch (error) {
            this.#handlers.renewed((error as Error).message)
        }
    }

    /** Listens no more, and drops who has not become a WebSocket. Resolves when the WebSockets have ended as well. */
    async close(): Promise<void> {
        this.#unwatch()
        const released = this.#server.listening && once(this.#server, "close")
        this.#server.close()
        for (const socket of this.#callers.values()) socket.destroy()
        await released
    }

    /** The connection has become a WebSocket, and is no business of the front any more. */
    release(socket: Socket): void {
        this.#callers.delete(socketAddressOf(socket).name)
    }

    /** Answers with an error on a bare socket, and ends it. */
    refuse(socket: Duplex, peer: string, rejection: Rejection): void {
        this.#handlers.refused(peer, rejection)
        refuse(socket, rejection)
    }

    clientAddressOf({ socket, headers }: IncomingMessage): ClientAddress {
        return clientAddressOf(socket, headers, this.#settings.proxies)
    }

    #createServer(): HttpServer | HttpsServer {
        const { handshakeTimeout, certificate } = this.#settings
        const options = {
            headersTimeout: handshakeTimeout,
            requestTimeout: handshakeTimeout,
            connectionsCheckingInterval: Math.ceil(handshakeTimeout / 4),
            keepAliveTimeout: KEEP_ALIVE,
            maxHeaderSize: MAX_HEADERS,
        }
        const server = certificate
            ? createHttpsServer({
                  ...options,
                  handshakeTimeout,
                  ...readCertificate(certificate),
              })
            : createHttpServer(options)
        // for who takes its answer slowly; a WebSocket sets its own
        return server.setTimeout(2 * handshakeTimeout)
    }

    #connected(socket: Socket): void {
        const { name, address } = socketAddressOf(socket)
        if (!isTrusted(address, this.#settings.proxies)) {
            const free = this.#quota.take(address)
            if (typeof free === "string") return this.#drop(socket)
            socket.once("close", free)
        }
        this.#callers.set(name, socket)
        this.#open++
        if (this.#open > this.#settings.maxConnections + CALLERS)
            this.#dropOldest()
        socket.once("close", () => {
            this.#open--
            if (this.#callers.get(name) === socket) this.#callers.delete(name)
        })
    }

    #drop(socket: Socket): void {
        this.dropped++
        socket.destroy()
    }

    #dropOldest(): void {
        const [oldest] = this.#callers
        if (!oldest) return
        const [name, socket] = oldest
        this.#callers.delete(name)
        this.#drop(socket)
    }

    #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
        if (request.headers.upgrade?.toLowerCase() === "websocket")
            this.#handlers.upgrade(
                request,
                socket,
                head,
                this.clientAddressOf(request)
            )
        else this.#answerAsIs(request, socket as Socket)
    }

    /** An upgrade to HTTP/2, which curl and Java's client ask for, may be passed over (RFC 9110 section 7.8). */
    #answerAsIs(request: IncomingMessage, socket: Socket): void {
        const response = new ServerResponse(request)
        // Node has stopped to read requests here
        response.shouldKeepAlive = false
        response.assignSocket(socket)
        response.on("finish", () => socket.end())
        socket.on("error", () => socket.destroy())
        socket.setTimeout(2 * this.#settings.handshakeTimeout, () =>
            socket.destroy()
        )
        socket.resume()
        this.#request(request, response)
    }

    #request(request: IncomingMessage, response: ServerResponse): void {
        const rejection = this.#handlers.request(request, response)
        if (!rejection) return
        const { headers, body } = answerOf(rejection)
        this.#handlers.refused(this.clientAddressOf(request).name, rejection)
        response.writeHead(rejection.status, headers).end(body)
    }

    /** A request that is not HTTP, too long, or too slow, or a connection that is not TLS. */
    #broken(error: NodeJS.ErrnoException, socket: Duplex): void {
        const { name } = socketAddressOf(socket as Socket)
        if (this.#settings.certificate && !this.#secure.has(socket)) {
            const reason = `TLS: ${error.message}`
            this.#handlers.refused(name, { status: 0, reason })
            return void socket.destroy()
        }
        if (!socket.writable) return void socket.destroy()
        const status = STATUS_OF[error.code ?? ""] ?? 400
        this.refuse(socket, name, { status, reason: error.message })
    }
}
