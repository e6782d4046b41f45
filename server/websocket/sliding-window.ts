/** The last bytes of a stream. */
export class SlidingWindow {
    readonly #size: number
    /** There is none before the first bytes, and it is no part of Node's pool, which it would keep in memory. */
    #buffer?: Buffer
    #length = 0

    constructor(size: number) {
        this.#size = size
    }

    /** Not to be kept: they change with the next `push`. */
    get bytes(): Buffer | undefined {
        return this.#buffer?.subarray(0, this.#length)
    }

    push(data: Buffer): void {
        const size = this.#size
        this.#buffer ??= Buffer.allocUnsafeSlow(size)
        const added = Math.min(size, data.length)
        const kept = Math.min(this.#length, size - added)
        this.#buffer.copyWithin(0, this.#length - kept, this.#length)
        data.copy(this.#buffer, kept, data.length - added)
        this.#length = kept + added
    }
}
