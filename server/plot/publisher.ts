import {
    POINTS_PER_EVENT,
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
        this.#bus.publish({ kind: "gone", server: this.#server })
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
        let size = 0
        for (const points of [...sources].flatMap(source => source.take())) {
            if (
                size > 0 &&
                size + points.points.length / 2 > POINTS_PER_EVENT
            ) {
                this.#publish(batch)
                batch = []
                size = 0
            }
            batch.push(points)
            size += points.points.length / 2
        }
        if (size > 0) this.#publish(batch)
    }

    #publish(batch: SeriesPoints[]): void {
        this.#bus.publish({ kind: "points", server: this.#server, batch })
    }

    #tellState(): void {
        const sources = new Set([...this.#sources].map(({ name }) => name))
        const state = { sources: [...sources], ...this.#look() }
        const now = Date.now()
        const told = JSON.stringify(state)
        if (told === this.#told && now - this.#toldAt < STATE_INTERVAL) return
        this.#told = told
        this.#toldAt = now
        this.#bus.publish({ kind: "state", server: this.#server, ...state })
    }
}

/** One source that is connected. */
export class Source {
    readonly name: string
    readonly #publisher: { gather: () => void; leave: () => void }
    #points = new Map<string, number[]>()
    #size = 0
    #drained: (() => void)[] = []

    /** @internal */
    constructor(
        name: string,
        publisher: { gather: () => void; leave: () => void }
    ) {
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
        else this.#points.set(series, [x, y])
        if (this.#size++ === 0) this.#publisher.gather()
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
