/** The pictures of the report, as SVG. */
import { escapeHtml } from "../../lib/html.ts"
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
const LANES = {
    labels: [10, 22, 34],
    top: 40,
    bottom: 110,
    wire: 116,
    axis: 138,
}
/** Width of a letter, roughly. */
const LETTER = 6
/** Milliseconds at the top of the time line's exchanges. */
const LONGEST = 10_000

/**
 * The faults of the link as bands, the connections as a line, and each exchange as a dot: from left to right when it was
 * sent, and the higher the longer it took.
 */
export function timeLine(scenario: ScenarioReport): string {
    const { took, connections } = scenario
    // of what failed at once there may be no time at all
    const whole = Math.max(took, 1)
    const x = (at: number) => Math.round((10 * WIDTH * at) / whole) / 10
    const wires = connections.map(
        ({ from, to }) =>
            `<rect class="wire" x="${x(from)}" y="${LANES.wire}" width="${Math.max(x(to) - x(from), 1)}" height="5"><title>connected ${seconds(from)} to ${seconds(to)}</title></rect>`
    )
    const axis = [0, 0.25, 0.5, 0.75, 1].map(part =>
        label("axis", part * WIDTH, LANES.axis, seconds(part * took))
    )
    const parts = [
        ...bands(scenario, x),
        ...wires,
        ...dots(scenario, x),
        ...axis,
    ]
    return `<svg viewBox="0 0 ${WIDTH} 142" role="img" aria-label="time line of faults and exchanges">${parts.join("")}</svg>`
}

/** Faults, with their names where there is room. */
function bands({ faults }: ScenarioReport, x: (at: number) => number) {
    const taken = LANES.labels.map(() => -Infinity)
    return faults.map(({ name, from, to }) => {
        const left = x(from)
        const width = Math.max(x(to) - left, 1.5)
        const band = `<rect class="fault" x="${left}" y="${LANES.top}" width="${width}" height="${LANES.wire + 5 - LANES.top}"><title>${escapeHtml(name)}, ${seconds(from)} to ${seconds(to)}</title></rect>`
        const lane = taken.findIndex(end => end < left)
        if (lane < 0) return band
        taken[lane] = left + LETTER * name.length
        return band + label("name", left, LANES.labels[lane], name)
    })
}

/** Exchanges; of those at the same place, one. */
function dots({ exchanges, took }: ScenarioReport, x: (at: number) => number) {
    const places = new Map<string, string>()
    for (const { n, sent, settled, outcome, roundTrip } of exchanges) {
        const y = height(roundTrip ?? (settled ?? took) - sent)
        const radius = outcome === "right" ? 1.8 : 3.5
        places.set(
            `${outcome} ${Math.round(x(sent))} ${y}`,
            `<circle class="${outcome}" cx="${x(sent)}" cy="${y}" r="${radius}"><title>${n} ${outcome}, sent at ${seconds(sent)}</title></circle>`
        )
    }
    return places.values()
}

/** Text that stays inside the picture. */
function label(kind: string, x: number, y: number, text: string): string {
    const anchor =
        x + LETTER * text.length > WIDTH
            ? "end"
            : kind === "name" || x < LETTER
              ? "start"
              : "middle"
    return `<text class="${kind}" style="text-anchor: ${anchor}" x="${x}" y="${y}">${escapeHtml(text)}</text>`
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
