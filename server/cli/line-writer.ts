import { writeFileSync } from "node:fs"
import { Socket } from "node:net"

/** Characters that wait for a reader; lines beyond them are left out. */
const MOST_WAITING = 1024 * 1024

/** What a writer does not decide itself. */
export interface LineWriterOptions {
    /** The line that tells how many were left out */
    leftOut(count: number): string
    /** Lines cannot be written at the moment, such as to a full disk. */
    failed(error: NodeJS.ErrnoException): void
    /** Whoever reads has gone, and lines cannot be written any more. */
    closed(): void
}

/**
 * Writes lines to standard output. All lines of one turn of the event loop leave with one system call; those that its
 * reader, or the disk, does not take are left out and counted.
 */
export class LineWriter {
    readonly #options: LineWriterOptions
    /** A terminal or a pipe; a file is written to at once */
    readonly #stream =
        process.stdout instanceof Socket ? process.stdout : undefined
    #waiting = ""
    #lines = 0
    #leftOut = 0
    #failing = false

    constructor(options: LineWriterOptions) {
        this.#options = options
        this.#stream?.on("error", error => this.#failed(error))
        this.#stream?.on("drain", () => this.#flush())
        process.once("exit", () => this.#flush())
    }

    readonly print = (line: string): void => {
        const length = this.#stream?.writableLength ?? 0
        if (length + this.#waiting.length > MOST_WAITING) {
            this.#leftOut++
            return
        }
        if (!this.#waiting) setImmediate(() => this.#flush())
        this.#waiting += line + "\n"
        this.#lines++
    }

    #flush(): void {
        const leftOut = this.#leftOut
        const note = leftOut ? this.#options.leftOut(leftOut) + "\n" : ""
        const text = note + this.#waiting
        const lines = this.#lines
        this.#waiting = ""
        this.#lines = 0
        if (!text) return
        this.#leftOut = 0
        if (this.#stream) return void this.#stream.write(text)
        try {
            writeFileSync(1, text)
            this.#failing = false
        } catch (error) {
            this.#leftOut = leftOut + lines
            this.#failed(error as NodeJS.ErrnoException)
        }
    }

    #failed(error: NodeJS.ErrnoException): void {
        if (error.code === "EPIPE") return this.#options.closed()
        if (!this.#failing) this.#options.failed(error)
        this.#failing = true
    }
}
