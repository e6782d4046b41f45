/** Child processes: what they print, and how they end. */
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process"

/** Milliseconds that a process may take to print a line that is waited for, and to end. */
const PATIENCE = 60_000

/** How a process ended. */
export interface Ended {
    /** Exit code; null after a signal. */
    code: number | null
    /** Standard output and standard error as they came. */
    output: string
}

/** A process whose output is collected. */
export class Process {
    output = ""
    readonly child: ChildProcess
    /** @throws Error when there is no such command */
    readonly ended: Promise<Ended>
    readonly #leads: boolean
    readonly #looks = new Set<() => void>()

    /** @param options default: nothing on its standard input; `detached`: signals go to its whole group, as a terminal's do */
    constructor(command: string, args: string[], options: SpawnOptions = {}) {
        const stdio = ["ignore", "pipe", "pipe"] as const
        this.#leads = options.detached ?? false
        this.child = spawn(command, args, { stdio: [...stdio], ...options })
        for (const stream of [this.child.stdout, this.child.stderr])
            stream?.setEncoding("utf8").on("data", (text: string) => {
                this.output += text
                for (const look of this.#looks) look()
            })
        this.ended = new Promise((resolve, reject) => {
            this.child.once("error", reject)
            this.child.once("close", code =>
                resolve({ code, output: this.output })
            )
        })
        this.ended.catch(() => {})
    }

    /**
     * Waits until the output has something.
     * @throws Error with the output, when the process ends without it or takes longer than `patience` milliseconds
     */
    async shows(
        pattern: RegExp,
        patience = PATIENCE
    ): Promise<RegExpExecArray> {
        let look = () => {}
        const found = new Promise<RegExpExecArray>(resolve => {
            look = () => {
                const match = pattern.exec(this.output)
                if (match) resolve(match)
            }
        })
        const over = this.ended.then(({ code }) => {
            throw this.#error(`it ended with ${code}`, pattern)
        })
        this.#looks.add(look)
        look()
        return this.#within(
            patience,
            Promise.race([found, over]),
            pattern
        ).finally(() => this.#looks.delete(look))
    }

    /** Waits for its end. @throws Error with the output, after `patience` milliseconds */
    end(patience = PATIENCE): Promise<Ended> {
        return this.#within(patience, this.ended, "its end")
    }

    /** Sends a signal, and waits for its end. */
    async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
        const pid = this.child.pid!
        // Windows has no groups
        const isGroup = this.#leads && process.platform !== "win32"
        process.kill(isGroup ? -pid : pid, signal)
        return this.end()
    }

    async #within<T>(
        patience: number,
        wanted: Promise<T>,
        what: RegExp | string
    ): Promise<T> {
        let timer: NodeJS.Timeout
        const late = new Promise<never>((_, reject) => {
            timer = setTimeout(
                () =>
                    reject(
                        this.#error(`nothing for ${patience / 1000} s`, what)
                    ),
                patience
            )
        })
        return Promise.race([wanted, late]).finally(() => clearTimeout(timer))
    }

    #error(why: string, what: RegExp | string): Error {
        return new Error(
            `expected ${what} of ${this.child.spawnargs.join(" ")}, ${why}; its output:\n${this.output}`
        )
    }
}

/** Runs a TypeScript module of this project as a process of its own. */
export function startModule(
    file: string,
    args: string[],
    options?: SpawnOptions
): Process {
    return new Process(
        process.execPath,
        ["--import", "tsx", file, ...args],
        options
    )
}
