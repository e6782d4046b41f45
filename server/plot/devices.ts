import type { IncomingHttpHeaders } from "node:http"
import type { Device } from "../bus/bus.ts"
import { LOOK, type Publisher, type Source } from "./publisher.ts"
import { nameOf, UNIT } from "../bus/names.ts"
import { readTeleplot, TELEPLOT } from "./teleplot.ts"

/** Devices that the table shows at most; those that came first. */
const MOST = 1000

/** Names of which failures are remembered when the device has gone; the oldest are forgotten. */
const REMEMBERED = 1000

/** The request header by which a device tells its name. */
const NAME_HEADER = "device-name"

/** Series that the server knows of each device, with their units. */
const RATE = "messages§1/s"
const PING = "ping§ms"

/** What the plot looks at of a device's connection. */
export interface DeviceConnection {
    /** Address and port */
    readonly peer: string
    readonly version: string
    /** The subprotocol, or an empty string */
    readonly protocol: string
    /** Messages that came in */
    readonly received: number
    readonly failures: number
    /** Pongs that came in, and milliseconds that the last one took */
    readonly pongs: number
    readonly roundTrip?: number
    /** Reads no more, until `release` */
    hold(): void
    release(): void
}

/**
 * The devices of a server. A device's counters are looked at once a second and become points and a row of the table;
 * nothing here runs with each message, except for lines that a device sends to the plot.
 */
export class Devices {
    readonly #publisher: Publisher
    readonly #entries = new Map<DeviceConnection, Entry>()
    readonly #failures = new Map<string, number>()
    #nextId = 0

    constructor(publisher: Publisher) {
        this.#publisher = publisher
    }

    /** A device has connected, with these fields in its handshake. @param identity what it has proved to be */
    add(
        connection: DeviceConnection,
        headers: IncomingHttpHeaders,
        identity?: string
    ): void {
        const told = identity ?? headers[NAME_HEADER]?.toString() ?? ""
        const name = nameOf(told) || connection.peer
        const entry = new Entry(
            this.#nextId++,
            name,
            connection,
            this.#publisher
        )
        this.#entries.set(connection, entry)
    }

    /** Takes lines that are for the plot. @returns whether the message was that */
    take(connection: DeviceConnection, message: { data: unknown }): boolean {
        if (connection.protocol !== TELEPLOT) return false
        if (typeof message.data !== "string") return false
        return this.#entries.get(connection)?.take(message.data) ?? false
    }

    /** A device has gone. */
    remove(connection: DeviceConnection): void {
        const entry = this.#entries.get(connection)
        if (!entry) return
        this.#entries.delete(connection)
        const now = Date.now()
        entry.sample(now)
        const { failures } = connection
        if (failures > 0) {
            const all = (this.#failures.get(entry.name) ?? 0) + failures
            this.#failures.delete(entry.name)
            this.#failures.set(entry.name, all)
            entry.source.point("failures", now, all)
            if (this.#failures.size > REMEMBERED)
                this.#failures.delete([...this.#failures.keys()][0])
        }
        entry.end()
    }

    /** The rows of the table; and what has changed becomes points. */
    look(): { devices: Device[]; more: number } {
        const devices: Device[] = []
        const now = Date.now()
        for (const entry of this.#entries.values()) {
            if (devices.length === MOST) break
            entry.sample(now)
            devices.push(entry.row(this.#failures.get(entry.name) ?? 0))
        }
        return { devices, more: this.#entries.size - devices.length }
    }
}

/** One device. */
class Entry {
    readonly name: string
    readonly #id: number
    readonly #connection: DeviceConnection
    readonly #publisher: Publisher
    readonly #since = Date.now()
    #source?: Source
    /** Messages that were for the plot */
    #taken = 0
    #messages = 0
    #pongs = 0
    /** Messages of the last second, and when there was a point for them */
    #rate = 0
    #rateAt = 0
    /** What the device itself has told */
    #roundTrip?: number
    #wrong?: number

    constructor(
        id: number,
        name: string,
        connection: DeviceConnection,
        publisher: Publisher
    ) {
        this.#id = id
        this.name = name
        this.#connection = connection
        this.#publisher = publisher
    }

    /** Where its points go; made when the first one does, for a server may have many that are idle. */
    get source(): Source {
        return (this.#source ??= this.#publisher.source(this.name))
    }

    /** Takes lines that are for the plot. @returns whether the text was that */
    take(text: string): boolean {
        const points = readTeleplot(text)
        if (!points) return false
        this.#taken++
        const { source } = this
        for (const { series, x, y } of points) {
            source.point(series, x ?? Date.now(), y)
            const [name] = series.split(UNIT, 1)
            if (name === "round trip") this.#roundTrip = y
            if (name === "wrong") this.#wrong = y
        }
        if (source.full) {
            this.#connection.hold()
            source.drained(() => this.#connection.release())
        }
        return true
    }

    /** Makes points of what has changed since the last call. */
    sample(now: number): void {
        const { received, pongs, roundTrip } = this.#connection
        const rate = received - this.#taken - this.#messages
        this.#messages += rate
        if (rate > 0 || this.#rate > 0) {
            // the line is to rise from zero, not from the last second in which there was something
            if (this.#rate === 0 && now - this.#rateAt > 1.5 * LOOK)
                this.source.point(RATE, Math.max(this.#since, now - LOOK), 0)
            this.source.point(RATE, now, rate)
            this.#rateAt = now
        }
        this.#rate = rate
        if (pongs !== this.#pongs && roundTrip !== undefined)
            this.source.point(PING, now, roundTrip)
        this.#pongs = pongs
    }

    /** @param failures of earlier connections of the same name */
    row(failures: number): Device {
        const { peer, version, protocol, roundTrip } = this.#connection
        return {
            id: String(this.#id),
            name: this.name,
            address: peer,
            protocol: protocol ? `${version}, ${protocol}` : version,
            since: this.#since,
            messages: this.#messages,
            wrong: this.#wrong ?? failures,
            roundTrip: this.#roundTrip ?? roundTrip,
        }
    }

    end(): void {
        this.#source?.end()
    }
}
