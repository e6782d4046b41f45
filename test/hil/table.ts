/** What a person sees on the terminal. */
import type { Outcome, Status } from "./run.ts"
import type { Spread, SuiteReport } from "./report.ts"

const MARKS: Record<Status, string> = {
    passed: "✓",
    failed: "✗",
    "timed out": "⏱",
    stopped: "–",
}

/** One line, and below it what is wrong. */
export function outcomeLine({
    scenario,
    network,
    status,
    problems,
    figures,
    began,
    ended,
}: Outcome): string {
    const { sent, right, wrong, lost, silentlyLost } = figures
    const seconds = `${((ended - began) / 1000).toFixed(1)} s`
    const line = `${MARKS[status]} ${status.padEnd(9)} ${network.padEnd(8)} ${scenario.name.padEnd(24)} ${seconds.padStart(8)}   ${right}/${sent} right, ${lost} reported lost, ${silentlyLost} silently${wrong ? `, ${wrong} wrong` : ""}`
    return [line, ...problems.map(problem => `    ${problem}`)].join("\n")
}

/** The table at the end. */
export function table(report: SuiteReport): string {
    const networks = report.sums.map(({ network }) => network)
    const names = [...new Set(report.scenarios.map(({ name }) => name))]
    const rows = names.map(name => [
        name,
        ...networks.map(network => {
            const found = report.scenarios.find(
                scenario =>
                    scenario.name === name && scenario.network === network
            )
            if (!found) return ""
            return `${MARKS[found.status]} ${(found.took / 1000).toFixed(1)} s`
        }),
    ])
    const sums: [string, (sums: SuiteReport["sums"][number]) => string][] = [
        ["exchanges sent", s => `${s.sent}`],
        ["right", s => `${s.right}`],
        ["wrong", s => `${s.wrong}`],
        ["reported lost", s => `${s.lost}`],
        ["silently lost", s => `${s.silentlyLost}`],
        ["round trip, ms", s => show(s.roundTrip)],
        ["connected again, ms", s => show(s.reconnection)],
    ]
    return columns([
        ["", ...networks],
        ...rows,
        [],
        ...sums.map(([title, value]) => [title, ...report.sums.map(value)]),
    ])
}

/** Median and worst. */
function show(spread: Spread | undefined): string {
    return spread
        ? `${Math.round(spread.median)}, worst ${Math.round(spread.worst)}`
        : "-"
}

function columns(rows: string[][]): string {
    const width = (column: number) =>
        Math.max(...rows.map(row => (row[column] ?? "").length))
    return rows
        .map(row =>
            row
                .map((cell, column) => cell.padEnd(width(column) + 2))
                .join("")
                .trimEnd()
        )
        .join("\n")
}
