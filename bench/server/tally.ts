/** What a load generator counts between its parent's `begin` and `end`. */
import { createHistogram } from "node:perf_hooks"

/** What came between `begin` and `end`. */
export interface Counted {
    messages: number
    seconds: number
    /** Milliseconds that 99 of 100 messages did not exceed */
    p99: number
}

/** In microseconds */
const times = createHistogram()
let begun = 0

/** Counts a message. @param milliseconds that it took */
export function record(milliseconds: number): void {
    times.record(Math.max(1, Math.round(1000 * milliseconds)))
}

/** Says `ready` to the parent, and does what it says from now on. */
export function ready(): void {
    process.on("message", word => {
        if (word === "begin") begin()
        else if (word === "end") process.send?.(end())
    })
    process.once("disconnect", () => process.exit())
    process.send?.("ready")
}

function begin(): void {
    times.reset()
    begun = performance.now()
}

function end(): Counted {
    const seconds = (performance.now() - begun) / 1000
    const p99 = times.percentile(99) / 1000
    return { messages: times.count, seconds, p99 }
}
