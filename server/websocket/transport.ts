import type { EventEmitter } from "node:events"
import { WebSocket } from "ws"
import { Compression, type CompressionSettings } from "./compression.ts"
import type { DeflateAgreement } from "./deflate-offer.ts"

/** The events of a transport: those of `ws`. */
export interface TransportEvents {
    message: [data: Buffer | string, isBinary: boolean]
    ping: [data: Buffer]
    pong: []
    error: [error: Error]
    close: [code: number, reason: Buffer]
}

/** Who takes the events of a transport. */
export type TransportOwner = {
    [Name in keyof TransportEvents as `on${Capitalize<Name>}`]: (
        ...values: TransportEvents[Name]
    ) => void
}

/** Listeners that all transports share: one for each of thousands of connections would take a kilobyte more. */
const LISTENERS = {
    message(this: Transport, data: Buffer | string, isBinary: boolean) {
        this.owner?.onMessage(data, isBinary)
    },
    ping(this: Transport, data: Buffer) {
        this.owner?.onPing(data)
    },
    pong(this: Transport) {
        this.owner?.onPong()
    },
    error(this: Transport, error: Error) {
        this.owner?.onError(error)
    },
    close(this: Transport, code: number, reason: Buffer) {
        this.owner?.onClose(code, reason)
    },
}

/** Hands the events of a transport to its owner. */
export function own(transport: Transport, owner: TransportOwner): void {
    transport.owner = owner
    const emitter = transport as unknown as EventEmitter
    for (const [name, listener] of Object.entries(LISTENERS))
        emitter.on(name, listener)
}

/** A WebSocket of any version, in the shape that `ws` has. */
export interface Transport {
    /** Set by `own` */
    owner?: TransportOwner
    /** `RFC 6455`, `hixie-76` or `hixie-75` */
    readonly version: string
    /** The subprotocol, or an empty string */
    readonly protocol: string
    /** As in the WHATWG's interface: 1 is open */
    readonly readyState: number
    readonly isPaused: boolean
    /** Bytes that wait for the peer */
    readonly bufferedAmount: number
    /** The close code that it sent, if any */
    readonly sent?: number
    readonly takesBinary: boolean
    /** Whether frames of RFC 6455 may be written to its socket: it has none that wait elsewhere, and compresses none */
    readonly takesFrames: boolean
    /** Whether a `ping` gets a `pong` */
    readonly canPing: boolean
    send(
        data: Buffer | string,
        options: { binary: boolean },
        written: () => void
    ): void
    ping(): void
    /** @param mask `false`, for a server's frames have none */
    pong(data: Buffer, mask: false, written: () => void): void
    close(code?: number, reason?: string): void
    terminate(): void
    pause(): void
    resume(): void
}

/** A WebSocket by RFC 6455 that remembers the code it closed with, also when `ws` itself chose it. */
export class RfcTransport extends WebSocket implements Transport {
    owner?: TransportOwner
    sent?: number
    /** A table that `ws` shares with its receiver and its sender; there is no public way past its own negotiation. */
    declare readonly _extensions: Record<string, Compression>

    get version() {
        return "RFC 6455"
    }

    get takesBinary() {
        return true
    }

    get takesFrames() {
        return this.extensions === ""
    }

    get canPing() {
        return true
    }

    /** Compresses from now on, as the client was answered. */
    startCompression(
        agreement: DeflateAgreement,
        settings: CompressionSettings
    ): void {
        this._extensions["permessage-deflate"] = new Compression(
            agreement,
            settings,
            code => this.close(code)
        )
    }

    override close(code?: number, reason?: string | Buffer): void {
        this.sent ??= code
        super.close(code, reason)
    }
}
