/** Child processes: what they print, and how they end. */
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process"
import { once } from "node:events"

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
    #changed = () => {}

    /** @param options default: nothing on its standard input */
    constructor(command: string, args: string[], options: SpawnOptions = {}) {
        const stdio = ["ignore", "pipe", "pipe"] as const
        this.child = spawn(command, args, { stdio: [...stdio], ...options })
        for (const stream of [this.child.stdout, this.child.stderr])
            stream?.setEncoding("utf8").on("data", (text: string) => {
                this.output += text
                this.#changed()
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
        const found = new Promise<RegExpExecArray>(resolve => {
            const look = () => {
                const match = pattern.exec(this.output)
                if (match) resolve(match)
            }
            this.#changed = look
            look()
        })
        const over = this.ended.then(({ code }) =>
            this.#fail(`it ended with ${code}`, pattern)
        )
        return this.#within(patience, Promise.race([found, over]), pattern)
    }

    /** Waits for its end. @throws Error with the output, after `patience` milliseconds */
    end(patience = PATIENCE): Promise<Ended> {
        return this.#within(patience, this.ended, "its end")
    }

    /** Sends a signal, and waits for its end. */
    async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
        this.child.kill(signal)
        return this.end()
    }

    /** Ends it at once, if it has not ended; its whole group when it leads one. */
    async kill(group = false): Promise<void> {
        const { pid, exitCode, signalCode } = this.child
        if (pid === undefined || exitCode !== null || signalCode !== null)
            return
        const gone = once(this.child, "exit")
        process.kill(group ? -pid : pid, "SIGKILL")
        await gone
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

    #fail(why: string, what: RegExp | string): never {
        throw this.#error(why, what)
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
