import type { Hub, Series, Table } from "./hub.ts"

/** Points of one batch at most: some 500 KB of JSON. */
const POINTS_PER_BATCH = 20_000

/** What a page gets, as JSON; what does not exist is left out. */
export interface Batch {
    /** Points of each series that the server keeps; in the first batch */
    history?: number
    /** Series that the page does not know yet: id, source, name */
    series?: [id: number, source: string, name: string][]
    /** Series that the server has forgotten */
    gone?: number[]
    /** id, x, y, x, y, … */
    points?: number[][]
    /** Points that were forgotten before the page asked for them: id, how many */
    missed?: [id: number, points: number][]
    table?: Table
}

/**
 * Shows a page the hub: the history first, then what is new. The first batch goes by itself, each further one when the
 * page asks for it, which it does when it has drawn the last; a batch without news waits for some. The session holds a
 * number for each series and nothing else, so a page that does not ask costs nothing and misses what the history
 * forgets meanwhile; that it is told.
 */
export class PageSession {
    readonly #hub: Hub
    readonly #send: (batch: string) => void
    /** The number of the next point of each series */
    readonly #next = new Map<number, number>()
    readonly #answer = () => this.#serve()
    #tableVersion = 0
    #writing = false
    #asked = true

    /** @param send takes a batch as JSON; `written` is to be called when the network has taken it */
    constructor(hub: Hub, send: (batch: string) => void) {
        this.#hub = hub
        this.#send = send
        this.#serve()
    }

    /** The page asks for the next batch. */
    ask(): void {
        if (this.#asked) return
        this.#asked = true
        this.#serve()
    }

    /** The network has taken the last batch. */
    written(): void {
        this.#writing = false
        this.#serve()
    }

    /** The page has gone. */
    end(): void {
        this.#asked = false
        this.#hub.leave(this.#answer)
    }

    #serve(): void {
        if (!this.#asked || this.#writing) return
        const batch = this.#nextBatch()
        if (!batch) return this.#hub.wait(this.#answer)
        this.#asked = false
        this.#writing = true
        this.#send(JSON.stringify(batch))
    }

    #nextBatch(): Batch | undefined {
        const batch: Batch = {}
        if (this.#tableVersion === 0) batch.history = this.#hub.limits.history
        if (this.#tableVersion !== this.#hub.tableVersion) {
            this.#tableVersion = this.#hub.tableVersion
            batch.table = this.#hub.table
        }
        this.#addGone(batch)
        this.#addPoints(batch)
        return Object.keys(batch).length > 0 ? batch : undefined
    }

    #addGone(batch: Batch): void {
        const gone = [...this.#next.keys()].filter(id => !this.#hub.has(id))
        if (gone.length === 0) return
        for (const id of gone) this.#next.delete(id)
        batch.gone = gone
    }

    // each series that has news gets the same share, so that none has to wait for another
    #addPoints(batch: Batch): void {
        const behind: Series[] = []
        for (const series of this.#hub.series)
            if (this.#next.get(series.id) !== series.points.total)
                behind.push(series)
        if (behind.length === 0) return
        const share = Math.ceil(POINTS_PER_BATCH / behind.length)
        batch.points = behind.map(series => this.#read(series, share, batch))
    }

    #read({ id, source, name, points }: Series, share: number, batch: Batch) {
        let next = this.#next.get(id)
        if (next === undefined) {
            ;(batch.series ??= []).push([id, source, name])
            next = points.oldest
        }
        const missed = points.oldest - next
        if (missed > 0) {
            ;(batch.missed ??= []).push([id, missed])
            next = points.oldest
        }
        const read = points.read(next, share)
        this.#next.set(id, next + read.length / 2)
        return [id, ...read]
    }
}
