import type { Connection } from "../websocket/connection.ts"
import type { Message } from "../modes/modes.ts"
import type { Device } from "../bus/bus.ts"
import { LOOK, type Publisher, type Source } from "./publisher.ts"
import { nameOf } from "./names.ts"
import { readTeleplot } from "./teleplot.ts"

/** Devices that the table shows at most; those that came first. */
const MOST = 1000

/** Names of which failures are remembered when the device has gone; the oldest are forgotten. */
const REMEMBERED = 1000

/** The request header by which a device tells its name. */
export const NAME_HEADER = "device-name"

/** Who has connected. */
export interface DeviceInfo {
    /** What the device calls itself; without a name it goes by its address */
    name?: string
    address: string
    protocol: string
}

/**
 * The devices of a server. A device's counters are looked at once a second and become points and a row of the table;
 * nothing here runs with each message, except for lines that a device sends to the plot.
 */
export class Devices {
    readonly #publisher: Publisher
    readonly #all = new Set<Entry>()
    readonly #failures = new Map<string, number>()
    #nextId = 0

    constructor(publisher: Publisher) {
        this.#publisher = publisher
    }

    /** A device has connected; its row goes when it is closed. */
    add(info: DeviceInfo, connection: Connection): Entry {
        const entry = new Entry(
            `${this.#nextId++}`,
            info,
            connection,
            this.#publisher
        )
        this.#all.add(entry)
        void connection.closed.then(() => this.#remove(entry))
        return entry
    }

    /** The rows of the table; and what has changed becomes points. */
    look(): { devices: Device[]; more: number } {
        const devices: Device[] = []
        const now = Date.now()
        for (const entry of this.#all) {
            if (devices.length === MOST) break
            entry.sample(now)
            devices.push(entry.row(this.#failures.get(entry.name) ?? 0))
        }
        return { devices, more: this.#all.size - devices.length }
    }

    #remove(entry: Entry): void {
        this.#all.delete(entry)
        const now = Date.now()
        entry.sample(now)
        const { failures } = entry.connection
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
}

/** One device. */
export class Entry {
    readonly name: string
    readonly connection: Connection
    readonly #id: string
    readonly #info: DeviceInfo
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
        id: string,
        info: DeviceInfo,
        connection: Connection,
        publisher: Publisher
    ) {
        this.#id = id
        this.#info = info
        this.#publisher = publisher
        this.name = nameOf(info.name ?? "") || info.address
        this.connection = connection
    }

    /** Where its points go; made when the first one does, for a server may have many that are idle. */
    get source(): Source {
        return (this.#source ??= this.#publisher.source(this.name))
    }

    /** Takes lines that are for the plot. @returns whether the message was that */
    take(message: Message): boolean {
        const points =
            message.type === "text" ? readTeleplot(message.data) : undefined
        for (const { series, x, y } of points ?? []) {
            this.source.point(series, x ?? Date.now(), y)
            if (series === "round trip") this.#roundTrip = y
            if (series === "wrong") this.#wrong = y
        }
        if (!points) return false
        this.#taken++
        return true
    }

    /** Makes points of what has changed since the last call. */
    sample(now: number): void {
        const { received, pongs, roundTrip } = this.connection
        const rate = received - this.#taken - this.#messages
        this.#messages += rate
        if (rate > 0 || this.#rate > 0) {
            // the line is to rise from zero, not from the last second in which there was something
            if (this.#rate === 0 && now - this.#rateAt > 1.5 * LOOK)
                this.source.point(
                    "messages/s",
                    Math.max(this.#since, now - LOOK),
                    0
                )
            this.source.point("messages/s", now, rate)
            this.#rateAt = now
        }
        this.#rate = rate
        if (pongs !== this.#pongs && roundTrip !== undefined)
            this.source.point("ping", now, roundTrip)
        this.#pongs = pongs
    }

    /** @param failures of earlier connections of the same name */
    row(failures: number): Device {
        const { roundTrip } = this.connection
        return {
            id: this.#id,
            name: this.name,
            address: this.#info.address,
            protocol: this.#info.protocol,
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
