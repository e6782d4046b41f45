import type { RoomEvent, ServerEvent } from "./room-event.ts"

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

/**
 * What goes over a bus, by topic. The plot's events arrive at least once, the server's own included, and the bus
 * remembers what it can of them. All others arrive at most once, at the servers that have subscribed, and nothing is
 * remembered: who has to know of losses numbers what it publishes.
 */
export interface Topics {
    plot: HubEvent
    /** The servers that have rooms */
    rooms: ServerEvent
    /** A room, by its name */
    [room: `room ${string}`]: RoomEvent
}

export type Topic = keyof Topics

/** A topic that is delivered at most once. */
export type FleetingTopic = Exclude<Topic, "plot">

/** An event of a topic that is delivered at most once. */
export type FleetingEvent = Topics[FleetingTopic]

/** Why an event did not leave: the bus is away, has too much to carry, or does not carry events of this length. */
export type Refusal = "away" | "behind" | "too long"

export type Handler<Name extends Topic> = (event: Topics[Name]) => void

/** Carries the events of each server to the others. */
export interface Bus {
    readonly status: BusStatus
    /**
     * Hands an event over. Never waits and never throws: of the plot's, what the bus cannot take it keeps, counts and
     * reports itself.
     * @returns why an event that is delivered at most once did not leave, if it did not
     */
    publish<Name extends Topic>(
        topic: Name,
        event: Topics[Name]
    ): Refusal | undefined
    /**
     * Calls `handler` with past events, as far back as the bus remembers, then with the new ones; those of one server
     * in the order of `publish`. Resolves once the past ones were handed over.
     */
    subscribe<Name extends Topic>(
        topic: Name,
        handler: Handler<Name>
    ): Promise<void>
    /** Ends `subscribe`. */
    unsubscribe(topic: FleetingTopic): void
    /** Calls `handler` each time that events which are delivered at most once pass again, after they did not. */
    onReturn(handler: () => void): void
    /** Resolves when what was published has left, or cannot any more. */
    close(): Promise<void>
}

/** The bus of a server that is alone: hands the plot's events over at once, and remembers none. */
export class LocalBus implements Bus {
    readonly status = { connected: true, waiting: 0, dropped: 0 }
    readonly #handlers = new Set<Handler<"plot">>()

    publish<Name extends Topic>(topic: Name, event: Topics[Name]): undefined {
        if (topic !== "plot") return
        for (const handler of this.#handlers) handler(event as HubEvent)
    }

    subscribe<Name extends Topic>(
        topic: Name,
        handler: Handler<Name>
    ): Promise<void> {
        if (topic === "plot") this.#handlers.add(handler as Handler<"plot">)
        return Promise.resolve()
    }

    unsubscribe(): void {}

    onReturn(): void {}

    close(): Promise<void> {
        this.#handlers.clear()
        return Promise.resolve()
    }
}
