/** Reads the echo program's log: what became of each message, and the sums. */
import { median } from "../../lib/statistics.ts"
import type { LogEvent } from "../../sim/log.ts"

/** Whether a line is the program's, not of the firmware itself or of the wire to a modelled chip. */
export function isForUsers({ level, text }: LogEvent): boolean {
    return level !== "system" && !text.includes("tcp://sim:")
}

/** One line of the program's log that is about an exchange. */
export type ExchangeLine =
    | { kind: "sent"; n: number }
    | { kind: "right"; n: number; ms: number }
    | { kind: "wrong"; n: number; ms: number }
    | { kind: "late"; n: number; ms: number }
    | { kind: "lost"; n: number }
    | { kind: "open"; connection: number }
    | { kind: "closed"; code: number }

const EXCHANGE = /^(sent|lost) (\d+)\b/
const REPLY = /^(right|wrong|late) (\d+) .* (\d+) ms$/
const OPEN = /^open (\d+)$/
const CLOSED = /^closed (\d+)\b/

/**
 * @param line without the mark of its level
 * @returns undefined for every other line
 */
export function readLine(line: string): ExchangeLine | undefined {
    const reply = REPLY.exec(line)
    if (reply) {
        const kind = reply[1] as "right" | "wrong" | "late"
        return { kind, n: Number(reply[2]), ms: Number(reply[3]) }
    }
    const exchange = EXCHANGE.exec(line)
    if (exchange) {
        const kind = exchange[1] as "sent" | "lost"
        return { kind, n: Number(exchange[2]) }
    }
    const open = OPEN.exec(line)
    if (open) return { kind: "open", connection: Number(open[1]) }
    const closed = CLOSED.exec(line)
    return closed ? { kind: "closed", code: Number(closed[1]) } : undefined
}

/** The sums of a run, counted from its log: they are there whenever it is cut short. */
export class Tally {
    sent = 0
    right = 0
    wrong = 0
    lost = 0
    late = 0
    reconnects = 0
    private readonly times: number[] = []

    add(line: ExchangeLine): void {
        if (line.kind === "open") this.reconnects = line.connection - 1
        else if (line.kind !== "closed") this[line.kind]++
        if (line.kind === "right") this.times.push(line.ms)
    }

    /** As the program itself prints it. */
    toString(): string {
        const { sent, right, wrong, lost, late, reconnects } = this
        return `summary sent=${sent} right=${right} wrong=${wrong} lost=${lost} late=${late} reconnects=${reconnects} rtt=${this.roundTrips()}`
    }

    private roundTrips(): string {
        if (this.times.length === 0) return "-"
        const sorted = this.times.toSorted((a, b) => a - b)
        return `${sorted[0]}/${median(sorted)}/${sorted.at(-1)}`
    }
}
