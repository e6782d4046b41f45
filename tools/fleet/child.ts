/** A process of the fleet, from its parent's side. */
import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { UserError } from "../../lib/errors.ts"

/** A process and what it told last; what it told before that says how busy it is. */
export class Child<News extends { cpu: number }> {
    news?: News
    /** Rejects when it ends before it was told to. */
    readonly failed: Promise<never>
    private readonly process: ChildProcess
    private ending = false
    private before = { cpu: 0, at: performance.now() }
    /** CPU as a part of one core, between the last two looks. */
    busy = 0

    /** @param file relative to this one */
    constructor(file: string) {
        this.process = fork(new URL(file, import.meta.url))
        this.process.on("message", news => (this.news = news as News))
        this.failed = new Promise((_, reject) =>
            this.process.once("exit", (code, signal) => {
                if (!this.ending)
                    reject(
                        new UserError(
                            `expected ${file} to run as long as the fleet does, it ended with ${code ?? signal}`
                        )
                    )
            })
        )
        // whoever waits for something else as well hears of it
        this.failed.catch(() => {})
    }

    /** The first news. @throws when there is none: it has said why */
    async first(): Promise<News> {
        await Promise.race([once(this.process, "message"), this.failed])
        return this.news!
    }

    tell(message: object | "go") {
        // to one that is gone nothing can be said; `failed` says so
        this.process.send(message, () => {})
    }

    look() {
        const now = performance.now()
        const cpu = this.news?.cpu ?? 0
        this.busy = (cpu - this.before.cpu) / (now - this.before.at)
        this.before = { cpu, at: now }
    }

    /** Lets it end in order, with its last news. */
    async end() {
        this.ending = true
        if (!this.process.connected) return
        const gone = once(this.process, "exit")
        this.process.send("stop", () => {})
        await gone
    }
}
