/** The log of a board, and waiting for a line of it. */
import type { LogEvent } from "./log.ts"

/** Lines that are kept; a program may run for hours. */
const KEPT = 10_000

export class Transcript {
    readonly lines: LogEvent[] = []
    /** How many of `lines` an `expect` has looked at. */
    private seen = 0
    private readonly waiting = new Set<{
        look(): void
        fail(why: string): void
    }>()

    add(line: LogEvent) {
        this.lines.push(line)
        if (this.lines.length > KEPT) {
            this.lines.shift()
            this.seen = Math.max(this.seen - 1, 0)
        }
        for (const waiter of this.waiting) waiter.look()
    }

    /** See `Board.expect`. */
    expect(wanted: string | RegExp, timeout: number): Promise<RegExpExecArray> {
        const pattern =
            typeof wanted === "string" ? new RegExp(escape(wanted)) : wanted
        const passed: LogEvent[] = []
        return new Promise((resolve, reject) => {
            const done = () => {
                clearTimeout(timer)
                this.waiting.delete(waiter)
            }
            const look = () => {
                while (this.seen < this.lines.length) {
                    const line = this.lines[this.seen++]
                    const found = pattern.exec(line.text)
                    if (found) {
                        done()
                        resolve(found)
                        return
                    }
                    passed.push(line)
                }
            }
            const fail = (why: string) => {
                done()
                const lines = passed.map(
                    ({ level, text }) => `${level}: ${text}`
                )
                reject(
                    new Error(
                        `expected ${wanted}, ${why}; the log was\n${lines.join("\n")}`
                    )
                )
            }
            const waiter = { look, fail }
            const timer = setTimeout(
                () => fail(`waited ${timeout} ms`),
                timeout
            )
            this.waiting.add(waiter)
            look()
        })
    }

    /** Nothing will be added any more. */
    end(why: string) {
        for (const waiter of this.waiting) waiter.fail(why)
    }
}

function escape(text: string): string {
    return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
}
