import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocketServer, type Server, type ServerOptions } from "ws"
import { RfcTransport, type Transport } from "./transport.ts"
import { HixieTransport, hixieVersionOf, hixieProtocolOf } from "./hixie.ts"
import type { ClientAddress } from "../access/client-address.ts"
import type { Settings } from "../options.ts"
import { TELEPLOT } from "../plot/teleplot.ts"
import { BEARER } from "../access/token.ts"

/** A request that is let in, and what becomes of it. */
export interface UpgradeRequest {
    request: IncomingMessage
    socket: Duplex
    /** What came behind the request */
    head: Buffer
    peer: ClientAddress
    opened(channel: Transport): void
    refused(status: number, reason: string): void
}

/** `closeTimeout` is missing from the types of `ws`. */
type Options = ServerOptions<typeof RfcTransport> & { closeTimeout: number }

/** Makes channels out of requests, in the version that each asks for. */
export class Upgrader {
    readonly #settings: Settings
    readonly #standard: Server<typeof RfcTransport>

    /** @param refuse answers a request that `ws` finds wrong */
    constructor(
        settings: Settings,
        refuse: (
            request: IncomingMessage,
            socket: Duplex,
            reason: string
        ) => void
    ) {
        const { maxMessage, closeTimeout } = settings
        const options: Options = {
            noServer: true,
            WebSocket: RfcTransport,
            clientTracking: false,
            perMessageDeflate: false,
            maxPayload: maxMessage,
            // a connection answers itself: `ws` drops who sends 60 at once, however well it reads
            autoPong: false,
            closeTimeout,
            handleProtocols: offered => this.#agree([...offered]) ?? false,
        }
        this.#settings = settings
        this.#standard = new WebSocketServer(options)
        this.#standard.on("wsClientError", ({ message }, socket, request) =>
            refuse(request, socket, message)
        )
    }

    accept(handshake: UpgradeRequest): void {
        const { request, socket, head, opened } = handshake
        if (hixieVersionOf(request)) this.#acceptDraft(handshake)
        else this.#standard.handleUpgrade(request, socket, head, opened)
    }

    #acceptDraft({
        request,
        head,
        peer,
        opened,
        refused,
    }: UpgradeRequest): void {
        const channel = new HixieTransport(request, {
            ...this.#settings,
            secure: peer.secure,
            protocol: this.#agree([hixieProtocolOf(request)]) ?? "",
        })
        const late = () => refused(408, "The handshake was not finished")
        channel.once("close", late)
        channel.once("open", () => {
            channel.off("close", late)
            opened(channel)
        })
        channel.start(head)
    }

    /** The first subprotocol of those offered that the server speaks; that of a token only when there is no other. */
    #agree(offered: string[]): string | undefined {
        const { subprotocols } = this.#settings
        const known = offered.find(
            name => name === TELEPLOT || subprotocols.includes(name)
        )
        return known ?? offered.find(name => name === BEARER)
    }
}
