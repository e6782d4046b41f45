import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { WebSocketServer, type Server, type ServerOptions } from "ws"
import { hixieVersionOf, type HixieVersion } from "../access/hixie-version.ts"
import { BEARER } from "../access/token.ts"
import { listOf } from "../http/field-list.ts"
import type { CompressionSettings, CountCompressed } from "./compression.ts"
import { agreeOnDeflate, type DeflateAgreement } from "./deflate-offer.ts"
import { HixieTransport } from "./hixie.ts"
import { RfcTransport, type Transport } from "./transport.ts"

/** What is agreed to, and how much a connection bears. Times are milliseconds, sizes are bytes. */
export interface UpgradeSettings {
    /** Of several that a client offers, its first one is taken */
    subprotocols: readonly string[]
    /** Whether messages are compressed for clients that offer it */
    compress: boolean
    maxMessage: number
    /** Fragments of a message */
    maxFragments: number
    /** Time between pings */
    ping: number
    handshakeTimeout: number
    closeTimeout: number
}

/** A request that is let in, and what becomes of it. */
export interface UpgradeRequest {
    request: IncomingMessage
    socket: Socket
    /** What came behind the request */
    head: Buffer
    /** Whether the client came by TLS */
    secure: boolean
    opened(transport: Transport): void
    /** The handshake was not finished. */
    abandoned(status: number, reason: string): void
}

/** `closeTimeout` and `maxFragments` are missing from the types of `ws`. */
type Options = ServerOptions<typeof RfcTransport> & {
    closeTimeout: number
    maxFragments: number
}

/** Makes WebSockets out of requests, in the version that each asks for. */
export class Upgrader {
    readonly #settings: UpgradeSettings
    readonly #compression: CompressionSettings
    readonly #standard: Server<typeof RfcTransport>
    /** For who has agreed on compression: a message may take more on the wire. */
    readonly #compressing: Server<typeof RfcTransport>

    /** @param refuse answers a request that `ws` finds wrong */
    constructor(
        settings: UpgradeSettings,
        countCompressed: CountCompressed,
        refuse: (
            request: IncomingMessage,
            socket: Socket,
            reason: string
        ) => void
    ) {
        const { maxMessage, maxFragments, closeTimeout } = settings
        const options: Options = {
            noServer: true,
            WebSocket: RfcTransport,
            clientTracking: false,
            // that of `ws` refuses offers that it cannot meet, and keeps zlib streams
            perMessageDeflate: false,
            maxPayload: maxMessage,
            maxFragments,
            // a connection answers itself: `ws` drops who sends 60 at once, however well it reads
            autoPong: false,
            closeTimeout,
            handleProtocols: offered => this.#agree([...offered]) ?? false,
        }
        this.#settings = settings
        this.#compression = { maxMessage, count: countCompressed }
        this.#standard = new WebSocketServer(options)
        this.#compressing = new WebSocketServer({
            ...options,
            maxPayload: compressedLimit(maxMessage),
        })
        for (const server of [this.#standard, this.#compressing])
            server.on("wsClientError", ({ message }, socket, request) =>
                refuse(request, socket as Socket, message)
            )
    }

    accept(upgrade: UpgradeRequest): void {
        const { request, socket, head, opened } = upgrade
        const draft = hixieVersionOf(request)
        if (draft) return this.#acceptHixie(draft, upgrade)
        normalize(request)
        const agreement = this.#settings.compress
            ? agreeOnDeflate(request.headers["sec-websocket-extensions"])
            : undefined
        if (agreement) this.#acceptCompressing(agreement, upgrade)
        else this.#standard.handleUpgrade(request, socket, head, opened)
    }

    #acceptCompressing(
        agreement: DeflateAgreement,
        { request, socket, head, opened }: UpgradeRequest
    ): void {
        const server = this.#compressing
        const announce = (headers: string[]) =>
            headers.push(`Sec-WebSocket-Extensions: ${agreement.answer}`)
        server.once("headers", announce)
        server.handleUpgrade(request, socket, head, transport => {
            transport.startCompression(agreement, this.#compression)
            opened(transport)
        })
        // it may have been refused
        server.off("headers", announce)
    }

    #acceptHixie(version: HixieVersion, upgrade: UpgradeRequest): void {
        const { request, socket, head, secure, opened, abandoned } = upgrade
        const transport = new HixieTransport(socket, version, {
            ...this.#settings,
            secure,
            protocol: this.#agree([hixieProtocolOf(request)]) ?? "",
        })
        const late = () => abandoned(408, "The handshake was not finished")
        transport.once("close", late)
        transport.once("open", () => {
            transport.off("close", late)
            opened(transport)
        })
        transport.start(request, head)
    }

    /** The first subprotocol of those offered that the server speaks; that of a token only when there is no other. */
    #agree(offered: string[]): string | undefined {
        const known = offered.find(name =>
            this.#settings.subprotocols.includes(name)
        )
        return known ?? offered.find(name => name === BEARER)
    }
}

/**
 * What a message that may be compressed may come to on the wire, where `ws` measures it: noise in fragments of 64 bytes,
 * with what DEFLATE adds to each. How long the message itself is, others look at.
 */
const compressedLimit = (length: number) => length + (length >> 2) + 1024

/** `ws` knows no lists: it expects one protocol to upgrade to, and no empty element among the subprotocols. */
function normalize({ headers }: IncomingMessage): void {
    headers.upgrade = "websocket"
    const subprotocols = listOf(headers["sec-websocket-protocol"])
    if (subprotocols.length)
        headers["sec-websocket-protocol"] = subprotocols.join(",")
}

/** The subprotocol that a draft's client asks for: one, by its name. */
function hixieProtocolOf({ headers }: IncomingMessage): string {
    const name =
        headers["sec-websocket-protocol"] ?? headers["websocket-protocol"]
    return name?.toString() ?? ""
}
