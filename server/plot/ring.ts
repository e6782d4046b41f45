/** Numbers that room is made for at first; it doubles until the capacity is reached. */
const FIRST = 64

/** The newest points of a series. Points are numbered from 0 in the order in which they came. */
export class Ring {
    readonly #capacity: number
    #xs = new Float64Array(FIRST)
    #ys = new Float64Array(FIRST)
    #total = 0

    /** @param capacity points that are kept, at least 1 */
    constructor(capacity: number) {
        this.#capacity = capacity
    }

    /** The number that the next point gets. */
    get total(): number {
        return this.#total
    }

    /** The number of the oldest point that is still there. */
    get oldest(): number {
        return Math.max(0, this.#total - this.#capacity)
    }

    push(x: number, y: number): void {
        if (this.#total === this.#xs.length) this.#grow()
        const at = this.#total % this.#capacity
        this.#xs[at] = x
        this.#ys[at] = y
        this.#total++
    }

    /** The points from number `from` on, at most `most`, as x, y, x, y, …; `from` must be still there. */
    read(from: number, most: number): number[] {
        const end = Math.min(this.#total, from + most)
        const points = new Array<number>(2 * Math.max(0, end - from))
        for (let i = from, to = 0; i < end; i++) {
            const at = i % this.#capacity
            points[to++] = this.#xs[at]
            points[to++] = this.#ys[at]
        }
        return points
    }

    #grow(): void {
        const length = Math.min(2 * this.#xs.length, this.#capacity)
        if (length <= this.#xs.length) return
        this.#xs = extended(this.#xs, length)
        this.#ys = extended(this.#ys, length)
    }
}

function extended(array: Float64Array, length: number) {
    const longer = new Float64Array(length)
    longer.set(array)
    return longer
}
