/** The pictures of the report, as SVG. */
import { escape } from "../report/page.ts"
import type { ScenarioReport } from "./report.ts"

const WIDTH = 1000

/** Upper ends of the bars in milliseconds; the last has the rest. */
const BARS = [
    1,
    2,
    3,
    5,
    10,
    20,
    30,
    50,
    100,
    200,
    300,
    500,
    1000,
    2000,
    Infinity,
]

/** How many exchanges took how long: a bar for each range, its height by the logarithm, so that single ones are seen. */
export function distribution(times: number[]): string {
    const counts = BARS.map(
        (end, i) =>
            times.filter(ms => ms < end && ms >= (BARS[i - 1] ?? -1)).length
    )
    const most = Math.max(...counts, 1)
    const width = WIDTH / BARS.length
    const height = (count: number) =>
        count ? 4 + (76 * Math.log(count)) / Math.max(Math.log(most), 1) : 0
    const bars = counts.map((count, i) => {
        const x = i * width
        const from = BARS[i - 1] ?? 0
        const label = BARS[i] === Infinity ? `≥ ${from}` : `< ${BARS[i]}`
        return (
            `<rect class="bar" x="${x + 4}" y="${100 - height(count)}" width="${width - 8}" height="${height(count)}"/>` +
            `<text x="${x + width / 2}" y="${94 - height(count)}">${count || ""}</text>` +
            `<text x="${x + width / 2}" y="114">${label} ms</text>`
        )
    })
    return `<svg viewBox="0 0 ${WIDTH} 120" role="img" aria-label="distribution of round trips">${bars.join("")}</svg>`
}

/** Rows of the time line, from top to bottom in the picture's units. */
const LANES = { label: 12, top: 18, bottom: 88, wire: 94, axis: 116 }
/** Milliseconds at the top of the time line's exchanges. */
const LONGEST = 10_000

/**
 * The faults of the link as bands, the connections as a line, and each exchange as a dot: from left to right when it was
 * sent, and the higher the longer it took.
 */
export function timeLine(scenario: ScenarioReport): string {
    const { took, faults, connections, exchanges } = scenario
    const x = (at: number) => Math.round((10 * WIDTH * at) / took) / 10
    const bands = faults.map(({ name, from, to }) => {
        const width = Math.max(x(to) - x(from), 1.5)
        const right = x(from) > 0.8 * WIDTH
        return (
            `<rect class="fault" x="${x(from)}" y="${LANES.top}" width="${width}" height="${LANES.wire + 8 - LANES.top}"><title>${escape(name)}, ${seconds(from)} to ${seconds(to)}</title></rect>` +
            `<text class="name" x="${x(from)}" y="${LANES.label}"${right ? ' text-anchor="end"' : ""}>${escape(name)}</text>`
        )
    })
    const wires = connections.map(
        ({ from, to }) =>
            `<rect class="wire" x="${x(from)}" y="${LANES.wire}" width="${Math.max(x(to) - x(from), 1)}" height="5"><title>connected ${seconds(from)} to ${seconds(to)}</title></rect>`
    )
    const dots = new Map<string, string>()
    for (const { n, sent, settled, outcome, roundTrip } of exchanges) {
        const y = height(roundTrip ?? (settled ?? took) - sent)
        const place = `cx="${x(sent)}" cy="${y}"`
        dots.set(
            `${outcome} ${Math.round(x(sent))} ${y}`,
            `<circle class="${outcome}" ${place} r="${outcome === "right" ? 1.8 : 3.5}"><title>${n} ${outcome}, sent at ${seconds(sent)}</title></circle>`
        )
    }
    const steps = [0, 0.25, 0.5, 0.75, 1].map(
        part =>
            `<text class="axis" x="${part * WIDTH}" y="${LANES.axis}" text-anchor="${part === 0 ? "start" : part === 1 ? "end" : "middle"}">${seconds(part * took)}</text>`
    )
    return `<svg viewBox="0 0 ${WIDTH} 120" role="img" aria-label="time line of faults and exchanges">${[...bands, ...wires, ...dots.values(), ...steps].join("")}</svg>`
}

/** By the logarithm of the time. */
function height(milliseconds: number): number {
    const part = Math.log1p(milliseconds) / Math.log1p(LONGEST)
    const span = LANES.bottom - LANES.top
    return Math.round(LANES.bottom - span * Math.min(part, 1))
}

function seconds(milliseconds: number): string {
    return `${(milliseconds / 1000).toFixed(1)} s`
}
