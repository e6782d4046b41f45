/** The fleet on the terminal: drawn anew where there is one, else a line now and then. */
import { quantile, type Figures } from "./figures.ts"

/** What is shown of a moment. */
export interface Moment {
    /** Seconds since the start. */
    seconds: number
    total: Figures
    /** By process. */
    processes: { figures: Figures; cpu: number }[]
    /** Messages sent per second, lately. */
    rate: number
    /** Only of a server of its own; CPU as a part of one core, memory in bytes. */
    server?: { connections: number; cpu: number; memory: number }
}

const HEADS = [
    "",
    "open",
    "sent",
    "right",
    "wrong",
    "lost",
    "silent",
    "again",
    "died",
    "CPU",
    "rtt 50 %",
    "99 %",
    "worst",
]

/** The whole table, for a terminal. */
export function table(moment: Moment): string {
    const rows = moment.processes.map(({ figures, cpu }, i) =>
        row(`process ${i + 1}`, figures, percent(cpu))
    )
    return [
        summaryLine(moment),
        format([HEADS, ...rows, row("fleet", moment.total, "")]),
    ].join("\n")
}

/** One line, for a file. */
export function summaryLine({ seconds, total, rate, server }: Moment): string {
    const { devices, open, sent, right, wrong, lost, silentlyLost } = total
    const load = server
        ? `; server ${server.connections} connections, CPU ${percent(server.cpu)}, ${Math.round(server.memory / 2 ** 20)} MB`
        : ""
    return `${seconds} s: ${open} of ${devices} open, ${Math.round(rate)} messages/s, sent ${sent}, right ${right}, wrong ${wrong}, lost ${lost}, silently lost ${silentlyLost}, round trip ${times(total).join("/")} ms${load}`
}

function row(name: string, figures: Figures, cpu: string): string[] {
    const { devices, open, sent, right, wrong, lost } = figures
    const { silentlyLost, reconnects, died } = figures
    const counts = [sent, right, wrong, lost, silentlyLost, reconnects, died]
    return [
        name,
        `${open}/${devices}`,
        ...counts.map(String),
        cpu,
        ...times(figures),
    ]
}

function times({ roundTrips }: Figures): string[] {
    return [0.5, 0.99, 1].map(part => `${quantile(roundTrips, part) ?? "-"}`)
}

function percent(part: number): string {
    return `${Math.round(100 * part)} %`
}

function format(rows: string[][]): string {
    const widths = HEADS.map((_, column) =>
        Math.max(...rows.map(cells => cells[column].length))
    )
    return rows
        .map(cells =>
            cells.map((cell, i) => cell.padStart(widths[i])).join("  ")
        )
        .join("\n")
}
