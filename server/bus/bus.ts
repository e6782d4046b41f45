/**
 * What servers tell one another, so that a page on one of them shows what is connected to all. Every event goes
 * through JSON unchanged: text, finite numbers, plain objects.
 */
export type HubEvent = PointsEvent | StateEvent | GoneEvent

/** New points, of one or of several series; at most `POINTS_PER_EVENT` in all. */
export interface PointsEvent {
    kind: "points"
    /** Who tells: a name that no two running servers share */
    server: string
    batch: SeriesPoints[]
}

/** New points of one series, in the order in which they came. */
export interface SeriesPoints {
    /** Name of the source: a device, or what a TCP source called itself; the same on every server */
    source: string
    /** Name of the series within its source; empty for a source that has only one */
    series: string
    /** x, y, x, y, …: finite */
    points: number[]
}

/**
 * All that is connected to a server at the moment; it replaces what the server told before. Told when it changes, and
 * every `STATE_INTERVAL` in any case: a server that is silent for `SERVER_TIMEOUT` is taken for dead.
 */
export interface StateEvent {
    kind: "state"
    server: string
    /** Names of the sources that are connected */
    sources: string[]
    devices: Device[]
    /** Devices that are connected beyond those in `devices`, which is bounded */
    more: number
    /** Points that the server has left out, for their source has too many series */
    refused?: number
}

/** A server has ended in order. */
export interface GoneEvent {
    kind: "gone"
    server: string
}

/** A device as the page's table shows it. */
export interface Device {
    /** Tells it from the server's other connections, also past ones */
    id: string
    /** The name of its source */
    name: string
    /** Address and port: `192.0.2.7:50123` */
    address: string
    /** What it speaks: `RFC 6455`, with a subprotocol `RFC 6455, teleplot` */
    protocol: string
    /** Milliseconds since 1970 */
    since: number
    /** Messages that came in from it, but for points */
    messages: number
    /** Wrong replies as the device itself counts them; else how often the server saw its connection fail */
    wrong: number
    /** Milliseconds that the last exchange took as the device itself measures it; else from the last ping to its pong */
    roundTrip?: number
}

/** Most points of a `PointsEvent`: about 200 KB of JSON. */
export const POINTS_PER_EVENT = 4096

/** Bytes of an event as JSON; NATS by itself takes messages of up to 1 MB. */
export const BYTES_PER_EVENT = 512 * 1024

/** Series of one source that are plotted. */
export const SERIES_PER_SOURCE = 32

/** Milliseconds after which a server tells its state again. */
export const STATE_INTERVAL = 3000

/** Milliseconds of silence after which a server is taken for dead. */
export const SERVER_TIMEOUT = 4 * STATE_INTERVAL

/** How a bus is doing, for a health check. */
export interface BusStatus {
    /** Whether what is published now reaches the other servers */
    connected: boolean
    /** Events that were published and have not arrived yet */
    waiting: number
    /** Events that could not be kept any longer and were dropped */
    dropped: number
}

/** Carries the events of each server to all servers, itself included. */
export interface Bus {
    readonly status: BusStatus
    /** Hands an event over. Never waits and never throws: what the bus cannot take it counts and reports itself. */
    publish(event: HubEvent): void
    /**
     * Calls `handler` with past events, as far back as the bus remembers, then with the new ones; those of one server
     * in the order of `publish`. Resolves once the past ones were handed over.
     */
    subscribe(handler: (event: HubEvent) => void): Promise<void>
    /** Resolves when what was published has left, or cannot any more. */
    close(): Promise<void>
}

/** The bus of a server that is alone: hands every event over at once and remembers none. */
export class LocalBus implements Bus {
    readonly status = { connected: true, waiting: 0, dropped: 0 }
    readonly #handlers = new Set<(event: HubEvent) => void>()

    publish(event: HubEvent): void {
        for (const handler of this.#handlers) handler(event)
    }

    subscribe(handler: (event: HubEvent) => void): Promise<void> {
        this.#handlers.add(handler)
        return Promise.resolve()
    }

    close(): Promise<void> {
        this.#handlers.clear()
        return Promise.resolve()
    }
}
