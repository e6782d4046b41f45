import { Points } from "./points.js"

/** What the server sends: see `Batch` in `server/plot/session.ts`.
 * @typedef {{
 *     history?: number
 *     series?: [id: number, source: string, name: string][]
 *     gone?: number[]
 *     points?: number[][]
 *     missed?: [id: number, points: number][]
 *     table?: Table
 * }} Batch
 */

/** @typedef {{ devices: Device[], more: number, sources: string[], refused: number }} Table */

/**
 * @typedef {{
 *     id: string
 *     name: string
 *     address: string
 *     protocol: string
 *     since: number
 *     messages: number
 *     wrong: number
 *     roundTrip?: number
 * }} Device
 */

/** An x between these is milliseconds since 1970 (the years 1973 and 2286), any other one is the source's own. */
const TIMES = [1e11, 1e13]

/** Stands between a series' name and its unit. */
const UNIT = "§"

/** One series. */
export class Line {
    /** The same after a reconnection */
    key
    source
    name
    unit
    points
    /** Whether x is a time of day; decided by the first point */
    timed = false
    /** Whether the source is connected */
    live = true

    /**
     * @param {string} source
     * @param {string} series its name, with its unit where it has one
     * @param {number} history
     */
    constructor(source, series, history) {
        const [name, unit = ""] = series.split(UNIT, 2)
        this.source = source
        this.name = name
        this.unit = unit
        this.key = JSON.stringify([source, series])
        this.points = new Points(history)
    }

    /** What tells it from the source's others, also to who does not see the axis. */
    get fullName() {
        if (!this.unit) return this.name
        return this.name ? `${this.name} (${this.unit})` : this.unit
    }

    get label() {
        return this.name ? `${this.source} · ${this.name}` : this.source
    }
}

/** What the server has told. */
export class Store {
    /** @type {Map<number, Line>} */
    lines = new Map()
    /** @type {Table} */
    table = { devices: [], more: 0, sources: [], refused: 0 }
    /** Points that the server had forgotten before this page asked for them */
    missed = 0
    /** Changes when lines come, go, or change their state */
    version = 0
    #history = 10_000

    /** @param {Batch} batch */
    apply({ history, series, gone, points, missed, table }) {
        if (history !== undefined) this.#startAnew(history)
        for (const id of gone ?? []) this.lines.delete(id)
        for (const [id, source, name] of series ?? [])
            this.lines.set(id, new Line(source, name, this.#history))
        for (const values of points ?? []) this.#add(values)
        for (const [, count] of missed ?? []) this.missed += count
        if (table) this.table = table
        if (table || series) this.#markLive()
        if (table || series || gone) this.version++
    }

    // a new connection brings the whole history again
    #startAnew(/** @type {number} */ history) {
        this.lines.clear()
        this.missed = 0
        this.#history = history
    }

    #add(/** @type {number[]} */ values) {
        const line = this.lines.get(values[0])
        if (!line) return
        if (line.points.length === 0)
            line.timed = values[1] >= TIMES[0] && values[1] < TIMES[1]
        for (let i = 1; i < values.length; i += 2)
            line.points.push(values[i], values[i + 1])
    }

    #markLive() {
        const live = new Set(this.table.sources)
        for (const line of this.lines.values())
            line.live = live.has(line.source)
    }
}
