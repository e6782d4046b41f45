/** What runs, and what came of it, line by line while the suite runs. */
import type { Outcome } from "./run.ts"
import type { SuiteListener, Task } from "./suite.ts"
import { outcomeLine } from "./table.ts"

/** Milliseconds without news after which a line says what runs. */
const QUIET = { terminal: 500, file: 15_000 }

export class Progress implements SuiteListener {
    private readonly running = new Map<Task, number>()
    private done = 0
    private readonly terminal = process.stdout.isTTY
    private readonly timer: NodeJS.Timeout

    constructor(private readonly total: number) {
        const quiet = this.terminal ? QUIET.terminal : QUIET.file
        this.timer = setInterval(() => this.show(), quiet)
    }

    started(task: Task) {
        this.running.set(task, performance.now())
    }

    finished(task: Task, outcome: Outcome) {
        this.running.delete(task)
        this.done++
        this.wipe()
        console.log(outcomeLine(outcome))
        this.timer.refresh()
    }

    private show() {
        const tasks = [...this.running].map(([{ scenario, rig }, since]) => {
            const seconds = Math.round((performance.now() - since) / 1000)
            return `${scenario.name}/${rig.options.network} ${seconds} s`
        })
        const line = `… ${this.done} of ${this.total}, now ${tasks.join(", ")}`
        if (!this.terminal) return console.log(line)
        this.wipe()
        process.stdout.write(line.slice(0, process.stdout.columns - 1))
    }

    private wipe() {
        if (this.terminal) process.stdout.write("\r\x1b[K")
    }

    end() {
        clearInterval(this.timer)
        this.wipe()
    }
}
