/** What came of a run of the suite, as plain data: report.json, and what the other reports are made of. */
import { explained } from "../../tools/log/error-sentences.ts"
import type { Exchange, Figures, Reconnection } from "./judge.ts"
import type { Outcome, Status } from "./run.ts"

/** A scenario on one device. Times in milliseconds; those of events since the scenario began. */
export interface ScenarioReport {
    name: string
    what: string
    network: string
    status: Status
    problems: string[]
    took: number
    figures: Figures
    device: Record<string, number>
    reconnections: Reconnection[]
    exchanges: Exchange[]
    faults: { name: string; from: number; to: number }[]
    /** When the board had a connection, and lost it. */
    connections: { from: number; to: number }[]
    /** Both ends and the link, line by line. */
    log: { at: number; from: "board" | "server" | "fault"; text: string }[]
}

export interface SuiteReport {
    device: string
    /** ISO 8601. */
    started: string
    took: number
    seed: number
    /** Put in on purpose: the suite has to fail. */
    planted?: string
    passed: number
    failed: number
    timedOut: number
    /** Begun or not, and not at their end when the run was. */
    notRun: number
    sums: Sums[]
    scenarios: ScenarioReport[]
}

/** Of one network. */
export interface Sums extends Figures {
    network: string
    /** Milliseconds: median, 99th percentile, longest; of what was right. */
    roundTrip?: Spread
    /** From the moment that the way was free again. */
    reconnection?: Spread
}

export interface Spread {
    count: number
    median: number
    p99: number
    worst: number
}

/** @returns undefined of nothing */
export function spread(values: number[]): Spread | undefined {
    if (!values.length) return undefined
    const sorted = values.toSorted((a, b) => a - b)
    const at = (part: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
    return {
        count: values.length,
        median: at(0.5),
        p99: at(0.99),
        worst: sorted.at(-1)!,
    }
}

interface About extends Pick<
    SuiteReport,
    "device" | "started" | "took" | "seed" | "planted"
> {
    /** How many there were to run. */
    tasks: number
}

export function reportOf(
    outcomes: Outcome[],
    { tasks, ...about }: About
): SuiteReport {
    const scenarios = outcomes.map(scenarioReport)
    const networks = [...new Set(scenarios.map(({ network }) => network))]
    const count = (status: Status) =>
        scenarios.filter(scenario => scenario.status === status).length
    return {
        ...about,
        passed: count("passed"),
        failed: count("failed"),
        timedOut: count("timed out"),
        notRun: tasks - outcomes.length + count("stopped"),
        sums: networks.map(network =>
            sumsOf(
                network,
                scenarios.filter(scenario => scenario.network === network)
            )
        ),
        scenarios,
    }
}

function sumsOf(network: string, scenarios: ScenarioReport[]): Sums {
    const sum = (name: keyof Figures) =>
        scenarios.reduce((total, { figures }) => total + figures[name], 0)
    const all = scenarios.flatMap(({ exchanges }) => exchanges)
    const back = scenarios.flatMap(({ reconnections }) => reconnections)
    return {
        network,
        sent: sum("sent"),
        right: sum("right"),
        wrong: sum("wrong"),
        lost: sum("lost"),
        late: sum("late"),
        silentlyLost: sum("silentlyLost"),
        connections: sum("connections"),
        spoilt: sum("spoilt"),
        repeated: sum("repeated"),
        roundTrip: spread(all.flatMap(({ roundTrip }) => roundTrip ?? [])),
        reconnection: spread(back.map(({ took }) => took)),
    }
}

function scenarioReport(outcome: Outcome): ScenarioReport {
    const { scenario, began, ended } = outcome
    // what was prepared before counts as from the beginning
    const since = (at: number) => Math.max(0, Math.round(at - began))
    const { network, status, problems, figures, device } = outcome
    return {
        name: scenario.name,
        what: scenario.what,
        network,
        status,
        problems,
        took: since(ended),
        figures,
        device,
        reconnections: outcome.reconnections.map(
            ({ fault, noticed, took }) => ({
                fault,
                noticed: noticed && Math.round(noticed),
                took: Math.round(took),
            })
        ),
        exchanges: outcome.exchanges.map(exchange => ({
            ...exchange,
            sent: since(exchange.sent),
            settled: exchange.settled && since(exchange.settled),
        })),
        faults: outcome.faults.map(({ name, from, to = ended }) => ({
            name,
            from: since(from),
            to: since(Math.min(to, ended)),
        })),
        connections: connectionsOf(outcome, since),
        log: linesOf(outcome, since),
    }
}

function connectionsOf({ log, ended }: Outcome, since: (at: number) => number) {
    const connections: { from: number; to: number }[] = []
    let open = false
    for (const { at, text } of log) {
        if (/^(down|closed|open) /.test(text)) {
            if (open) connections.at(-1)!.to = since(at)
            open = text.startsWith("open ")
            if (open) connections.push({ from: since(at), to: since(ended) })
        }
    }
    return connections
}

function linesOf(outcome: Outcome, since: (at: number) => number) {
    const { log, record, faults } = outcome
    const lines: ScenarioReport["log"] = [
        ...log.map(({ at, text }) => ({
            at,
            from: "board" as const,
            text: explained(text),
        })),
        ...record.map(({ at, event, ...rest }) => ({
            at,
            from: "server" as const,
            text: `${event} ${Object.values(rest).map(shown).join(" ")}`.trim(),
        })),
        ...faults.flatMap(({ name, from, to }) => [
            { at: from, from: "fault" as const, text: name },
            ...(to && to > from
                ? [{ at: to, from: "fault" as const, text: `${name}: over` }]
                : []),
        ]),
    ]
    return lines
        .sort((a, b) => a.at - b.at)
        .map(line => ({ ...line, at: since(line.at) }))
}

/** Characters of a message that the log shows. */
const SHOWN = 60

function shown(value: unknown): string {
    if (typeof value === "number") return `${value}`
    const text = Buffer.isBuffer(value)
        ? `${value.length} B ${value.toString("hex", 0, SHOWN / 2)}`
        : `${value}`
    return text.length > SHOWN
        ? `${JSON.stringify(text.slice(0, SHOWN))}…`
        : JSON.stringify(text)
}
