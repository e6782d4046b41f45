/** A complete line of the input, or why there is none; lines are counted from 1. */
export type Line =
    { number: number; text: string } | { number: number; problem: string }

const LF = 10

/**
 * Cuts bytes into lines of UTF-8 that end with LF or CR LF, however the bytes arrive. Of a line that is too long it
 * keeps nothing.
 */
export class LineReader {
    readonly #longest: number
    readonly #utf8 = new TextDecoder("utf-8", { fatal: true })
    #kept: Buffer[] = []
    /** Bytes of the line so far, also those that were not kept */
    #length = 0
    #number = 0

    /** @param longest bytes of a line, its end not counted */
    constructor(longest: number) {
        this.#longest = longest
    }

    /** The lines that `chunk` completes. */
    read(chunk: Buffer): Line[] {
        const lines: Line[] = []
        let start = 0
        for (;;) {
            const end = chunk.indexOf(LF, start)
            if (end < 0) break
            this.#keep(chunk.subarray(start, end))
            lines.push(this.#take())
            start = end + 1
        }
        this.#keep(chunk.subarray(start))
        return lines
    }

    /** The last line, when the input ended within it. */
    end(): Line[] {
        return this.#length > 0 ? [this.#take()] : []
    }

    #keep(piece: Buffer): void {
        this.#length += piece.length
        // one more for the CR of CR LF
        if (this.#length > this.#longest + 1) this.#kept = []
        else if (piece.length > 0) this.#kept.push(piece)
    }

    #take(): Line {
        const length = this.#length
        const bytes = Buffer.concat(this.#kept)
        this.#kept = []
        this.#length = 0
        const number = ++this.#number
        const ended = bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes
        if (length > this.#longest + 1 || ended.length > this.#longest)
            return {
                number,
                problem: `expected at most ${this.#longest} bytes, got ${length}`,
            }
        try {
            return { number, text: this.#utf8.decode(ended) }
        } catch {
            return { number, problem: "expected UTF-8, got other bytes" }
        }
    }
}
