/** Seconds' worth of tokens that a full bucket holds. */
const DEPTH = 2

/** A token bucket: `rate` a second for ever, and twice as many at once. */
export class TokenBucket {
    readonly #rate: number
    #tokens: number
    #filled = performance.now()

    /** @param rate tokens a second */
    constructor(rate: number) {
        this.#rate = rate
        this.#tokens = rate * DEPTH
    }

    /** Takes a token; `false`: there is none. */
    take(): boolean {
        const now = performance.now()
        const grown = this.#tokens + ((now - this.#filled) / 1000) * this.#rate
        this.#tokens = Math.min(grown, this.#rate * DEPTH)
        this.#filled = now
        if (this.#tokens < 1) return false
        this.#tokens--
        return true
    }
}
