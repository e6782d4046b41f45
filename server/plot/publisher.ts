import {
    BYTES_PER_EVENT,
    POINTS_PER_EVENT,
    SERIES_PER_SOURCE,
    STATE_INTERVAL,
    type Bus,
    type Device,
    type SeriesPoints,
} from "../bus/bus.ts"

/** Milliseconds for which points are gathered before they are published. */
const GATHER = 50

/** Milliseconds between two looks at what is connected. */
export const LOOK = 1000

/** Points of one source that wait at most; a source that brings more is to wait itself. */
const FULL = POINTS_PER_EVENT

/** The devices of a server, as many as it tells of. */
export type LookAtDevices = () => { devices: Device[]; more: number }

/** What one server publishes: its state, and the points of its sources, gathered. */
export class Publisher {
    readonly #bus: Bus
    readonly #server: string
    readonly #look: LookAtDevices
    readonly #sources = new Set<Source>()
    readonly #looker: NodeJS.Timeout
    #gathered = new Set<Source>()
    #timer?: NodeJS.Timeout
    #told = ""
    #toldAt = 0
    #refused = 0

    /** @param server a name that no other server on the bus has */
    constructor(
        bus: Bus,
        server: string,
        look: LookAtDevices = () => ({ devices: [], more: 0 })
    ) {
        this.#bus = bus
        this.#server = server
        this.#look = look
        this.#looker = setInterval(() => this.#tellState(), LOOK)
    }

    /** A source has connected. Several may share a name, and then share its series. */
    source(name: string): Source {
        const source = new Source(name, {
            gather: () => this.#gather(source),
            refuse: () => this.#refused++,
            leave: () => this.#sources.delete(source),
        })
        this.#sources.add(source)
        return source
    }

    /** Publishes what is left, and that the server has gone. */
    close(): void {
        clearInterval(this.#looker)
        clearTimeout(this.#timer)
        this.#flush()
        this.#bus.publish("plot", { kind: "gone", server: this.#server })
    }

    #gather(source: Source): void {
        this.#gathered.add(source)
        this.#timer ??= setTimeout(() => this.#flush(), GATHER)
    }

    #flush(): void {
        this.#timer = undefined
        const sources = this.#gathered
        this.#gathered = new Set()
        let batch: SeriesPoints[] = []
        let count = 0
        let bytes = 0
        for (const points of [...sources].flatMap(source => source.take())) {
            const moreCount = points.points.length / 2
            const moreBytes = bytesOf(points)
            if (
                count > 0 &&
                (count + moreCount > POINTS_PER_EVENT ||
                    bytes + moreBytes > BYTES_PER_EVENT)
            ) {
                this.#publish(batch)
                batch = []
                count = bytes = 0
            }
            batch.push(points)
            count += moreCount
            bytes += moreBytes
        }
        if (count > 0) this.#publish(batch)
    }

    #publish(batch: SeriesPoints[]): void {
        this.#bus.publish("plot", {
            kind: "points",
            server: this.#server,
            batch,
        })
    }

    #tellState(): void {
        const { devices, more } = this.#look()
        const names = new Set([...this.#sources].map(({ name }) => name))
        // half of an event each
        const shown = fitting(devices, BYTES_PER_EVENT / 2)
        const state = {
            sources: fitting([...names], BYTES_PER_EVENT / 2),
            devices: shown,
            more: more + devices.length - shown.length,
            ...(this.#refused > 0 && { refused: this.#refused }),
        }
        const now = Date.now()
        const told = JSON.stringify(state)
        if (told === this.#told && now - this.#toldAt < STATE_INTERVAL) return
        this.#told = told
        this.#toldAt = now
        this.#bus.publish("plot", {
            kind: "state",
            server: this.#server,
            ...state,
        })
    }
}

/** The first items whose JSON fits. */
function fitting<T>(items: T[], bytes: number): T[] {
    let left = bytes
    const end = items.findIndex(item => {
        left -= Buffer.byteLength(JSON.stringify(item)) + 1
        return left < 0
    })
    return end < 0 ? items : items.slice(0, end)
}

/** At most so many bytes of JSON: a character is escaped with 6, a number is written with 25. */
function bytesOf({ source, series, points }: SeriesPoints): number {
    return 64 + 6 * (source.length + series.length) + 26 * points.length
}

/** What a source tells its publisher. */
interface SourcePublisher {
    /** Points wait */
    gather(): void
    /** A point was left out */
    refuse(): void
    leave(): void
}

/** One source that is connected. */
export class Source {
    readonly name: string
    readonly #publisher: SourcePublisher
    #points = new Map<string, number[]>()
    readonly #series = new Set<string>()
    #size = 0
    #drained: (() => void)[] = []

    /** @internal */
    constructor(name: string, publisher: SourcePublisher) {
        this.name = name
        this.#publisher = publisher
    }

    /** Whether so many points wait that the source is to wait, too. */
    get full(): boolean {
        return this.#size >= FULL
    }

    /** Adds a point; x and y are finite. */
    point(series: string, x: number, y: number): void {
        const points = this.#points.get(series)
        if (points) points.push(x, y)
        else if (this.#isKnown(series)) this.#points.set(series, [x, y])
        else return this.#publisher.refuse()
        if (this.#size++ === 0) this.#publisher.gather()
    }

    /** Whether the source has the series already, or may have another one. */
    #isKnown(series: string): boolean {
        if (this.#series.has(series)) return true
        if (this.#series.size === SERIES_PER_SOURCE) return false
        this.#series.add(series)
        return true
    }

    /** Calls back when the points that wait are published. */
    drained(callback: () => void): void {
        this.#drained.push(callback)
    }

    /** The source is not connected any more. */
    end(): void {
        this.#publisher.leave()
    }

    /** @internal Hands over the points that wait, in pieces of at most `POINTS_PER_EVENT`. */
    take(): SeriesPoints[] {
        const taken = [...this.#points].flatMap(([series, points]) =>
            pieces(points).map(points => ({
                source: this.name,
                series,
                points,
            }))
        )
        this.#points = new Map()
        this.#size = 0
        const drained = this.#drained
        this.#drained = []
        // a source that fills up again is asked again
        for (const callback of drained) setImmediate(callback)
        return taken
    }
}

function pieces(points: number[]): number[][] {
    const most = 2 * POINTS_PER_EVENT
    if (points.length <= most) return [points]
    const count = Math.ceil(points.length / most)
    return Array.from({ length: count }, (_, i) =>
        points.slice(i * most, (i + 1) * most)
    )
}
