/** Points that there is room for at first. */
const FIRST = 256

/** The newest points of a series, as two arrays that lie in one piece, as plotting wants them. */
export class Points {
    #xs = new Float64Array(FIRST)
    #ys = new Float64Array(FIRST)
    #start = 0
    #end = 0
    #most
    /** Whether no x is less than the one before; then x can be searched */
    ascending = true

    /** @param {number} most points that are kept */
    constructor(most) {
        this.#most = most
    }

    get length() {
        return this.#end - this.#start
    }

    get xs() {
        return this.#xs.subarray(this.#start, this.#end)
    }

    get ys() {
        return this.#ys.subarray(this.#start, this.#end)
    }

    /**
     * @param {number} x
     * @param {number} y
     */
    push(x, y) {
        if (this.#end === this.#xs.length) this.#makeRoom()
        if (this.length > 0 && x < this.#xs[this.#end - 1])
            this.ascending = false
        this.#xs[this.#end] = x
        this.#ys[this.#end] = y
        this.#end++
        if (this.length > this.#most) this.#start++
    }

    /** A copy that stays as it is. */
    copy() {
        const copy = new Points(this.#most)
        copy.#xs = this.xs.slice()
        copy.#ys = this.ys.slice()
        copy.#end = this.length
        copy.ascending = this.ascending
        return copy
    }

    // the arrays are twice as long as what they hold, so that this happens once for as many points
    #makeRoom() {
        const { xs, ys, length } = this
        const room = Math.max(2 * length, FIRST)
        this.#xs = new Float64Array(room)
        this.#ys = new Float64Array(room)
        this.#xs.set(xs)
        this.#ys.set(ys)
        this.#start = 0
        this.#end = length
        this.ascending = isAscending(xs)
    }
}

/** @param {Float64Array} xs */
function isAscending(xs) {
    for (let i = 1; i < xs.length; i++) if (xs[i] < xs[i - 1]) return false
    return true
}
