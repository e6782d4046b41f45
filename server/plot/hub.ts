import {
    SERIES_PER_SOURCE,
    SERVER_TIMEOUT,
    STATE_INTERVAL,
    type Bus,
    type Device,
    type HubEvent,
    type SeriesPoints,
    type StateEvent,
} from "../bus/bus.ts"
import { Ring } from "./ring.ts"

/** What a hub keeps at most. */
export interface HubLimits {
    /** Points of each series; older ones are forgotten */
    history: number
    /** Series in all; those of a source that has gone make room for new ones */
    series: number
    /** Series of one source */
    seriesPerSource: number
    /** Rows of the table */
    devices: number
}

/** 500 series of 10,000 points are 80 MB. */
const HUB_LIMITS: HubLimits = {
    history: 10_000,
    series: 500,
    seriesPerSource: SERIES_PER_SOURCE,
    devices: 1000,
}

/** One line of the plot. */
export interface Series {
    /** Never used again */
    readonly id: number
    readonly source: string
    readonly name: string
    readonly points: Ring
}

/** What is connected, to any of the servers. */
export interface Table {
    devices: Device[]
    /** Devices beyond those in `devices` */
    more: number
    /** Names of the sources, sorted */
    sources: string[]
    /** Points that came for series beyond the limits */
    refused: number
}

/** What all servers on a bus have told: series with their history, sources, devices. It knows from events only. */
export class Hub {
    readonly limits: HubLimits
    /** By id, in the order in which they began */
    readonly #series = new Map<number, Series>()
    /** By source, then by name */
    readonly #bySource = new Map<string, Map<string, Series>>()
    readonly #servers = new Map<string, { state?: StateEvent; seen: number }>()
    readonly #waiting = new Set<() => void>()
    readonly #sweeper: NodeJS.Timeout
    #table?: Table
    #tableVersion = 1
    #nextId = 0
    #refused = 0
    #notifying = false

    constructor(limits: Partial<HubLimits> = {}) {
        this.limits = { ...HUB_LIMITS, ...limits }
        this.#sweeper = setInterval(() => this.#sweep(), STATE_INTERVAL)
    }

    /** Makes a hub that has read what the bus remembers. */
    static async start(bus: Bus, limits?: Partial<HubLimits>): Promise<Hub> {
        const hub = new Hub(limits)
        await bus.subscribe("plot", event => hub.receive(event))
        return hub
    }

    /** All series. */
    get series(): Iterable<Series> {
        return this.#series.values()
    }

    /** Whether a series is still kept. */
    has(id: number): boolean {
        return this.#series.has(id)
    }

    /** The last state of each server. */
    get states(): StateEvent[] {
        return [...this.#servers.values()].flatMap(({ state }) => state ?? [])
    }

    /** Whether a server has told its state, and has not gone. */
    knows(server: string): boolean {
        return this.#servers.get(server)?.state !== undefined
    }

    /** Changes with `table`. */
    get tableVersion(): number {
        return this.#tableVersion
    }

    /** What is connected now. */
    get table(): Table {
        return (this.#table ??= this.#makeTable())
    }

    receive(event: HubEvent): void {
        const known = this.#servers.get(event.server)
        const server = known ?? { seen: 0 }
        server.seen = Date.now()
        if (!known) this.#servers.set(event.server, server)
        if (event.kind === "points")
            for (const points of event.batch) this.#add(points)
        else {
            if (event.kind === "state") server.state = event
            else this.#servers.delete(event.server)
            this.#tableChanged()
        }
        this.#notify()
    }

    /** Calls `answer` once, after the next news. */
    wait(answer: () => void): void {
        this.#waiting.add(answer)
    }

    /** Forgets what `wait` was told. */
    leave(answer: () => void): void {
        this.#waiting.delete(answer)
    }

    close(): void {
        clearInterval(this.#sweeper)
        this.#waiting.clear()
    }

    #add({ source, series: name, points }: SeriesPoints): void {
        const series = this.#find(source, name) ?? this.#create(source, name)
        if (!series) {
            if (this.#refused === 0) this.#tableChanged()
            this.#refused += points.length / 2
            return
        }
        for (let i = 0; i < points.length; i += 2)
            series.points.push(points[i], points[i + 1])
    }

    #find(source: string, name: string): Series | undefined {
        return this.#bySource.get(source)?.get(name)
    }

    #create(source: string, name: string): Series | undefined {
        const { history, series: most, seriesPerSource } = this.limits
        const siblings = this.#bySource.get(source) ?? new Map<string, Series>()
        if (siblings.size >= seriesPerSource) return undefined
        if (this.#series.size >= most && !this.#makeRoom()) return undefined
        const points = new Ring(history)
        const series = { id: this.#nextId++, source, name, points }
        this.#series.set(series.id, series)
        siblings.set(name, series)
        this.#bySource.set(source, siblings)
        return series
    }

    /** Forgets the series that was made first among those whose source has gone. */
    #makeRoom(): boolean {
        const connected = new Set(this.table.sources)
        for (const { id, source, name } of this.#series.values()) {
            if (connected.has(source)) continue
            const siblings = this.#bySource.get(source)
            siblings?.delete(name)
            if (siblings?.size === 0) this.#bySource.delete(source)
            return this.#series.delete(id)
        }
        return false
    }

    #makeTable(): Table {
        const { states } = this
        const sources = new Set(states.flatMap(state => state.sources))
        const all = states.flatMap(state => state.devices)
        const devices = all.slice(0, this.limits.devices)
        const more = states.reduce((sum, state) => sum + state.more, 0)
        const refused = states.reduce(
            (sum, { refused = 0 }) => sum + refused,
            this.#refused
        )
        return {
            devices,
            more: more + all.length - devices.length,
            sources: [...sources].sort(),
            refused,
        }
    }

    #tableChanged(): void {
        this.#table = undefined
        this.#tableVersion++
    }

    #sweep(): void {
        const now = Date.now()
        for (const [name, { seen }] of this.#servers) {
            if (now - seen <= SERVER_TIMEOUT) continue
            this.#servers.delete(name)
            this.#tableChanged()
            this.#notify()
        }
    }

    // events that come together are answered together
    #notify(): void {
        if (this.#notifying || this.#waiting.size === 0) return
        this.#notifying = true
        setImmediate(() => {
            this.#notifying = false
            const waiting = [...this.#waiting]
            this.#waiting.clear()
            for (const answer of waiting) answer()
        })
    }
}
