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
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import {
    readCertificate,
    watchFiles,
    type CertificateFiles,
} from "./certificate.ts"
import { listen } from "./listen.ts"
import { PreSharedKeys } from "./pre-shared-keys.ts"
import { answerOf, reject, type Rejection } from "./rejection.ts"

/**
 * TCP connections that may be open beyond the WebSockets that there may be, to ask for something. With one more the
 * oldest that has not become a WebSocket is dropped: who means to ask has done so by then.
 */
const ASKING = 256

/** Bytes of a request's headers. */
const MAX_HEADERS = 16 * 1024

/** Milliseconds that a connection which asked for a page may wait with its next request. */
const KEEP_ALIVE = 5000

/** The statuses for what Node's parser finds wrong; 400 for all else. */
const STATUS_OF: Record<string, number> = {
    HPE_HEADER_OVERFLOW: 431,
    ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** Where to listen, and what to bear. Times are milliseconds. */
export interface HttpListenerSettings {
    host: string
    port: number
    certificate?: CertificateFiles
    pskFile?: string
    maxConnections: number
    handshakeTimeout: number
}

/** What a listener does not decide itself. */
export interface HttpListenerHandlers {
    /** A TCP connection. @returns what to call at its end; nothing when it may not stay */
    connect(socket: Socket): (() => void) | undefined
    /** A request that is not an upgrade to a WebSocket. @returns why it is refused, unless it was answered */
    request(
        request: IncomingMessage,
        response: ServerResponse
    ): Rejection | undefined
    /** Whether an upgrade is one to a WebSocket; others are answered like plain requests. */
    isUpgrade(request: IncomingMessage): boolean
    upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void
    /** A request was refused, or, without one, what came over a socket was no request. */
    rejected(
        socket: Socket,
        rejection: Rejection,
        request?: IncomingMessage
    ): void
    /** The certificate or the keys were loaded again, or could not be: `problem` */
    reloaded(what: "certificate" | "keys", problem?: string): void
}

/** The port: HTTP or HTTPS, with its time-outs and limits, up to where a request becomes a WebSocket. */
export class HttpListener {
    /** Connections that were dropped before they were read */
    dropped = 0
    readonly #settings: HttpListenerSettings
    readonly #handlers: HttpListenerHandlers
    readonly #server: HttpServer | HttpsServer
    /** TCP connections that have not become WebSockets, the oldest first; with TLS the request has another socket */
    readonly #asking = new Map<string, Socket>()
    /** The last response to each connection that asked for a page */
    readonly #responses = new WeakMap<Duplex, ServerResponse>()
    /** TCP connections, WebSockets included */
    #open = 0
    /** Those whose TLS handshake is over */
    readonly #secure = new WeakSet<Duplex>()
    #unwatch = () => {}
    #port = 0

    readonly #keys?: PreSharedKeys

    /** @throws CredentialsError */
    constructor(
        settings: HttpListenerSettings,
        handlers: HttpListenerHandlers
    ) {
        this.#settings = settings
        if (settings.pskFile !== undefined)
            this.#keys = new PreSharedKeys(settings.pskFile)
        this.#handlers = handlers
        this.#server = this.#createServer()
            .on("connection", socket => this.#connected(socket))
            .on("request", (request, response) =>
                this.#request(request, response)
            )
            .on(
                "upgrade",
                (request, socket, head) =>
                    void this.#upgrade(request, socket as Socket, head)
            )
            .on("clientError", (error, socket) =>
                this.#broken(error, socket as Socket)
            )
            .on("secureConnection", socket => this.#secure.add(socket))
    }

    /** The port that it listens on. */
    get port(): number {
        return this.#port
    }

    /** TCP connections that are not WebSockets, or not yet. */
    get asking(): number {
        return this.#asking.size
    }

    /** Whose pre-shared key a connection was made with, if it was. */
    identityOf(socket: Duplex): string | undefined {
        return this.#keys?.identityOf(socket)
    }

    /** @throws ListenError */
    async listen(): Promise<void> {
        const { host, port, certificate, pskFile } = this.#settings
        this.#port = await listen(this.#server, host, port)
        const files = [certificate?.cert, certificate?.key, pskFile].filter(
            file => file !== undefined
        )
        if (files.length) this.#unwatch = watchFiles(files, () => this.reload())
    }

    /** Reads certificate and keys again; open connections stay, and if they cannot be read, so do the old ones. */
    reload(): void {
        const server = this.#server
        if (!("setSecureContext" in server)) return
        if (this.#settings.certificate)
            this.#reload("certificate", () =>
                server.setSecureContext(this.#secureContext())
            )
        const keys = this.#keys
        if (keys) this.#reload("keys", () => keys.read())
    }

    #reload(what: "certificate" | "keys", load: () => void): void {
        try {
            load()
            this.#handlers.reloaded(what)
        } catch (error) {
            this.#handlers.reloaded(what, (error as Error).message)
        }
    }

    /** Stops listening, and drops who has not become a WebSocket. Resolves when the WebSockets have ended as well. */
    async close(): Promise<void> {
        this.#unwatch()
        const released = this.#server.listening && once(this.#server, "close")
        this.#server.close()
        for (const socket of this.#asking.values()) socket.destroy()
        await released
    }

    /** The connection has become a WebSocket, and the listener has no more to do with it. */
    release(socket: Socket): void {
        this.#asking.delete(keyOf(socket))
    }

    /** Answers with an error on a bare socket, and ends it. */
    reject(
        socket: Socket,
        rejection: Rejection,
        request?: IncomingMessage
    ): void {
        this.#handlers.rejected(socket, rejection, request)
        reject(socket, rejection)
    }

    #createServer(): HttpServer | HttpsServer {
        const { handshakeTimeout, certificate } = this.#settings
        const keys = this.#keys
        const options = {
            headersTimeout: handshakeTimeout,
            requestTimeout: handshakeTimeout,
            connectionsCheckingInterval: Math.ceil(handshakeTimeout / 4),
            keepAliveTimeout: KEEP_ALIVE,
            maxHeaderSize: MAX_HEADERS,
        }
        if (!certificate && !keys) return createHttpServer(options)
        return createHttpsServer({
            ...{ ...options, handshakeTimeout, pskCallback: keys?.keyOf },
            ...this.#secureContext(),
        })
    }

    #secureContext() {
        const { certificate } = this.#settings
        return {
            ...(certificate && readCertificate(certificate)),
            ...(this.#keys && PreSharedKeys.context(!!certificate)),
        }
    }

    #connected(socket: Socket): void {
        const ended = this.#handlers.connect(socket)
        if (!ended) return this.#drop(socket)
        const key = keyOf(socket)
        this.#asking.set(key, socket)
        this.#open++
        if (this.#open > this.#settings.maxConnections + ASKING)
            this.#dropOldest()
        // "on" takes less memory than "once", for each of thousands of connections
        socket.on("close", () => {
            this.#open--
            if (this.#asking.get(key) === socket) this.#asking.delete(key)
            ended()
        })
    }

    #dropOldest(): void {
        const [oldest] = this.#asking
        if (!oldest) return
        const [key, socket] = oldest
        this.#asking.delete(key)
        this.#drop(socket)
    }

    #drop(socket: Socket): void {
        this.dropped++
        socket.destroy()
    }

    /** What was asked for on the same connection before is answered first, for its answer must not come later. */
    async #upgrade(
        request: IncomingMessage,
        socket: Socket,
        head: Buffer
    ): Promise<void> {
        const earlier = this.#responses.get(socket)
        if (earlier && !earlier.closed) {
            socket.on("error", () => socket.destroy())
            await once(earlier, "close")
            if (!socket.writable) return void socket.destroy()
        }
        if (this.#handlers.isUpgrade(request))
            this.#handlers.upgrade(request, socket, head)
        else this.#ignoreUpgrade(request, socket)
    }

    /** An upgrade to HTTP/2, which curl and Java's client ask for, may be ignored (RFC 9110 section 7.8). */
    #ignoreUpgrade(request: IncomingMessage, socket: Socket): void {
        const response = new ServerResponse(request)
        // Node does not read further requests here
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
        this.#responses.set(request.socket, response)
        // for who takes its answer slowly; Node ends the connection then
        request.socket.setTimeout(2 * this.#settings.handshakeTimeout)
        const rejection = this.#handlers.request(request, response)
        if (!rejection) return
        const { headers, body } = answerOf(rejection)
        this.#handlers.rejected(request.socket, rejection, request)
        response.writeHead(rejection.status, headers).end(body)
    }

    /** A request that is not HTTP, too long, or too slow, or a connection that is not TLS. */
    #broken(error: NodeJS.ErrnoException, socket: Socket): void {
        const isTls = "setSecureContext" in this.#server
        if (isTls && !this.#secure.has(socket)) {
            const reason = `TLS: ${error.message}`
            this.#handlers.rejected(socket, { status: 0, reason })
            return void socket.destroy()
        }
        if (!socket.writable) return void socket.destroy()
        const status = STATUS_OF[error.code ?? ""] ?? 400
        this.reject(socket, { status, reason: error.message })
    }
}

const keyOf = ({ remoteAddress, remotePort }: Socket) =>
    `${remoteAddress} ${remotePort}`
