/** The verdict: what the board says of each exchange, what the server saw of it, and whether the two agree. */
import {
    readLine,
    Tally,
    type ExchangeLine,
} from "../../tools/log/exchange-log.ts"
import type { LogLine } from "./device.ts"
import type { Fault } from "./fault-log.ts"
import type { Expected, Range } from "./scenario.ts"
import type { Recorded } from "./server-side.ts"

/** The fault that a reset of the board is. */
export const RESET = "board reset"

/** Everything that a run left behind. */
export interface Evidence {
    log: readonly LogLine[]
    record: readonly Recorded[]
    faults: readonly Fault[]
    /** The n-th message. */
    message(n: number): string | Buffer
    /** The program did not come to its end: the last message was still on its way. */
    cutShort?: boolean
}

/** An exchange from the board's side; times as `performance.now()`. */
export interface Exchange {
    n: number
    sent: number
    /** `cut`: the board was reset, or ended, before it was settled. `silent`: nothing more was said about it. */
    outcome: "right" | "wrong" | "lost" | "cut" | "silent"
    settled?: number
    /** Milliseconds by the board's own clock; of a right one. */
    roundTrip?: number
}

/** A way back to the server. Milliseconds. */
export interface Reconnection {
    /** What was wrong. */
    fault: string
    /** From the fault's beginning to the board's `down`. */
    noticed?: number
    /** From the moment that the way was free again to the board's `open`. */
    took: number
}

export interface Figures {
    sent: number
    right: number
    wrong: number
    /** Reported as lost. */
    lost: number
    late: number
    /** Neither a reply nor a report. */
    silentlyLost: number
    connections: number
    /** Messages that reached the server other than they were sent. */
    spoilt: number
    /** Messages that reached the server more than once. */
    repeated: number
}

export interface Verdict {
    problems: string[]
    figures: Figures
    exchanges: Exchange[]
    reconnections: Reconnection[]
}

/** Hears both ends. */
export function judge(evidence: Evidence, expected: Expected = {}): Verdict {
    const exchanges = exchangesOf(evidence)
    const server = serverSide(evidence, exchanges)
    const tally = new Tally()
    for (const { line } of lines(evidence.log)) tally.add(line)
    const silentlyLost = exchanges.filter(e => e.outcome === "silent").length
    const figures: Figures = {
        sent: tally.sent,
        right: tally.right,
        wrong: tally.wrong,
        lost: tally.lost,
        late: tally.late,
        silentlyLost,
        connections: lines(evidence.log).filter(
            ({ line }) => line.kind === "open"
        ).length,
        spoilt: server.spoilt.length,
        repeated: server.repeated,
    }
    const problems = [
        ...unlike(figures, expected),
        ...(silentlyLost
            ? [
                  `silently lost: ${list(exchanges.filter(e => e.outcome === "silent").map(e => e.n))}`,
              ]
            : []),
        ...outOfOrder(exchanges),
        ...server.problems,
        ...connectionProblems(evidence, figures.connections),
        ...summaryProblems(evidence.log, tally),
        ...logProblems(evidence.log, expected),
    ]
    return {
        problems,
        figures,
        exchanges,
        reconnections: reconnectionsOf(evidence),
    }
}

function lines(
    log: readonly LogLine[]
): { at: number; line: ExchangeLine; text: string }[] {
    return log.flatMap(({ at, text }) => {
        const line = readLine(text)
        return line ? [{ at, line, text }] : []
    })
}

function exchangesOf({ log, faults, cutShort }: Evidence): Exchange[] {
    const exchanges: Exchange[] = []
    for (const { at, line } of lines(log)) {
        if (line.kind === "sent")
            exchanges.push({ n: line.n, sent: at, outcome: "silent" })
        if (
            line.kind !== "right" &&
            line.kind !== "wrong" &&
            line.kind !== "lost"
        )
            continue
        const exchange = exchanges.findLast(
            ({ n, outcome }) => n === line.n && outcome === "silent"
        )
        if (!exchange) continue
        exchange.outcome = line.kind
        exchange.settled = at
        if (line.kind === "right") exchange.roundTrip = line.ms
    }
    const resets = faults.filter(({ name }) => name === RESET)
    exchanges.forEach((exchange, i) => {
        const { sent, outcome } = exchange
        const next = exchanges[i + 1]
        if (outcome !== "silent") return
        if (!next && cutShort) exchange.outcome = "cut"
        if (next?.n !== 1) return
        if (resets.some(({ from }) => from >= sent && from <= next.sent))
            exchange.outcome = "cut"
    })
    return exchanges
}

/** After a reset of the board the numbers begin anew. */
function outOfOrder(exchanges: Exchange[]): string[] {
    return exchanges.flatMap(({ n }, i) => {
        const before = exchanges[i - 1]?.n ?? 0
        return n === before + 1 || n === 1
            ? []
            : [`message ${n} was sent after ${before}`]
    })
}

function serverSide({ record, message }: Evidence, exchanges: Exchange[]) {
    const problems: string[] = []
    const numbers = new Map<string, number>()
    for (const { n } of exchanges) numbers.set(key(message(n)), n)
    const arrived = new Map<number, number>()
    const spoilt: string[] = []
    for (const recorded of record) {
        if (recorded.event !== "message") continue
        const n = numbers.get(key(recorded.data))
        if (n === undefined) spoilt.push(key(recorded.data))
        else arrived.set(n, (arrived.get(n) ?? 0) + 1)
    }
    const replies = new Set(
        record.flatMap(recorded =>
            recorded.event === "reply" ? [key(recorded.data)] : []
        )
    )
    for (const { n, outcome } of exchanges) {
        if (outcome !== "right") continue
        if (!arrived.has(n))
            problems.push(
                `the board calls ${n} right, and the server never saw it`
            )
        else if (!replies.has(key(reversed(message(n)))))
            problems.push(
                `the board calls ${n} right, and the server never replied so`
            )
    }
    const times = new Map<number, number>()
    for (const { n } of exchanges) times.set(n, (times.get(n) ?? 0) + 1)
    const repeated = [...arrived].filter(
        ([n, count]) => count > times.get(n)!
    ).length
    return { problems, spoilt, repeated }
}

/** What the board says of its connections, the server has to have seen. */
function connectionProblems({ log, record }: Evidence, opened: number) {
    const accepted = record.filter(({ event }) => event === "connection").length
    // not only the last: what a board without power left open ends later
    const codes = record.flatMap(recorded =>
        recorded.event === "close" ? recorded.code : []
    )
    const clean = log.some(({ text }) => text.startsWith("closed 1000 "))
    return [
        ...(opened > accepted
            ? [
                  `the board opened ${opened} connections, the server accepted ${accepted}`,
              ]
            : []),
        ...(clean && !codes.includes(1000)
            ? [`the board closed with 1000, the server saw ${codes.at(-1)}`]
            : []),
    ]
}

function key(data: string | Buffer): string {
    return typeof data === "string" ? `text ${data}` : data.toString("base64")
}

/** Text by code point, binary by byte: as the server has to. */
export function reversed(data: string | Buffer): string | Buffer {
    return typeof data === "string"
        ? [...data].reverse().join("")
        : Buffer.from(data).reverse()
}

function unlike(figures: Figures, expected: Expected): string[] {
    const wrong = expected.wrong ?? 0
    const lost = expected.lost ?? 0
    const wanted: [keyof Figures, Range | undefined][] = [
        ["right", expected.right],
        ["lost", lost],
        ["wrong", wrong],
        ["late", expected.late],
        ["connections", expected.connections ?? 1],
        ["spoilt", expected.spoilt ?? 0],
        ["repeated", expected.repeated ?? 0],
    ]
    return wanted.flatMap(([name, range]) =>
        range === undefined || within(figures[name], range)
            ? []
            : [`expected ${name} ${show(range)}, it is ${figures[name]}`]
    )
}

function within(value: number, range: Range): boolean {
    const [from, to] = typeof range === "number" ? [range, range] : range
    return value >= from && value <= to
}

function show(range: Range): string {
    return typeof range === "number" ? `${range}` : range.join(" to ")
}

function list(numbers: number[]): string {
    const shown = numbers.slice(0, 10).join(", ")
    return numbers.length > 10 ? `${shown}, … (${numbers.length})` : shown
}

/** The program's own sums, of its latest run, have to be those of its lines. */
function summaryProblems(log: readonly LogLine[], all: Tally): string[] {
    const own = log.findLast(({ text }) => text.startsWith("summary "))
    if (!own) return []
    const begin = log.findLastIndex(({ text }) => text === "open 1")
    const latest = new Tally()
    for (const { line } of lines(log.slice(Math.max(begin, 0))))
        latest.add(line)
    const sums = (text: string) => text.replace(/ rtt=.*/, "")
    const counted = [latest, all].map(tally => sums(`${tally}`))
    return counted.includes(sums(own.text))
        ? []
        : [`the board sums up "${sums(own.text)}", its lines "${counted[0]}"`]
}

function logProblems(log: readonly LogLine[], { end, log: wanted }: Expected) {
    const problems: string[] = []
    const last = log.findLast(({ text }) => text.startsWith("closed "))
    const ending = end ?? /^closed 1000 ""$/
    if (!last || !ending.test(last.text))
        problems.push(`expected the end ${ending}, it is ${last?.text}`)
    let at = 0
    for (const pattern of wanted ?? []) {
        const found = log.findIndex(
            ({ text }, index) => index >= at && pattern.test(text)
        )
        if (found < 0)
            problems.push(
                `expected ${pattern} in the log${at ? ` after line ${at}, "${log[at - 1].text}"` : ""}`
            )
        else at = found + 1
    }
    return problems
}

function reconnectionsOf({ log, faults }: Evidence): Reconnection[] {
    const breaking = faults.filter(({ name }) => !name.startsWith("link: "))
    let down: number | undefined
    let opened = false
    return log.flatMap(({ at, text }) => {
        if (text.startsWith("down ")) down ??= at
        if (!/^open \d+$/.test(text)) return []
        const first = !opened
        const noticed = down
        opened = true
        down = undefined
        const ended = noticed ?? at
        const fault = breaking.findLast(({ from }) => from <= ended)
        if (first || !fault) return []
        const { name, from, to = from } = fault
        return [
            {
                fault: name,
                noticed: noticed && noticed - from,
                took: at - (to <= at ? to : from),
            },
        ]
    })
}
