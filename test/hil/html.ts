/** The report as a page: the verdicts, the round trips, and for each scenario its time line and its log. */
import { escapeHtml } from "../../lib/html.ts"
import { page } from "../report/page.ts"
import { distribution, timeLine } from "./charts.ts"
import {
    spread,
    type ScenarioReport,
    type Spread,
    type SuiteReport,
} from "./report.ts"

const STYLE = `
svg { width: 100%; font: 11px system-ui, sans-serif; overflow: visible }
svg text { fill: currentColor; text-anchor: middle } svg text.name { fill: var(--bad) } svg text.axis { opacity: .6 }
.bar, .wire { fill: var(--good) } .fault { fill: var(--bad); fill-opacity: .15 }
circle.right { fill: var(--good) } circle.wrong { fill: var(--warn) } circle.lost { fill: var(--bad) } circle.silent { fill: none; stroke: var(--bad); stroke-width: 2 } circle.cut { fill: none; stroke: currentColor }
pre { font: 12px/1.5 ui-monospace, monospace; max-height: 24rem; overflow: auto; background: var(--soft); padding: .6rem }
pre .fault { color: var(--bad) } pre .server { opacity: .6 }
details details summary { font-size: 1rem; font-weight: 400 }
`

/** A link to a scenario opens it. */
const SCRIPT = `
const show = () => { const at = document.getElementById(location.hash.slice(1)); if (at) { at.open = true; at.scrollIntoView() } }
addEventListener("hashchange", show)
show()
`

export function html(report: SuiteReport): string {
    const { device, started, took, passed } = report
    const { failed, timedOut, notRun } = report
    const verdict =
        failed + timedOut + notRun
            ? `<span class="bad">${failed} failed, ${timedOut} timed out, ${notRun} not run to the end</span>, ${passed} passed`
            : `<span class="good">all ${passed} passed</span>`
    const planted = report.planted
        ? `<p class="bad">Planted on purpose: ${escapeHtml(report.planted)}.</p>`
        : ""
    return page(
        `Hardware in the loop: ${device}`,
        STYLE,
        `<p>${verdict}; ${(took / 1000).toFixed(0)} s, started ${started}, seed ${report.seed}. A scenario passes when the board's log and the server's record agree, and are as expected.</p>
${planted}
${sums(report)}
<h2>Round trips</h2>
${report.sums.map(({ network }) => roundTrips(report, network)).join("\n")}
<h2>Connected again</h2>
${reconnections(report)}
<h2>Scenarios</h2>
${overview(report)}
<p><small>Below: red bands are faults of the link or the server, the green line is the connection, each dot is an exchange, at the time it was sent and the higher the longer it took (logarithmic, 10 s at the top): <span class="good">right</span>, <span style="color: var(--warn)">wrong</span>, <span class="bad">lost</span>.</small></p>
${report.scenarios.map(details).join("\n")}
<script>${SCRIPT}</script>`
    )
}

function table(heads: string[], rows: string[][]): string {
    const cells = (row: string[], tag: string) =>
        row
            .map((cell, i) =>
                i ? `<${tag} class="n">${cell}</${tag}>` : `<th>${cell}</th>`
            )
            .join("")
    return `<table><thead><tr>${cells(heads, "th")}</tr></thead><tbody>${rows.map(row => `<tr>${cells(row, "td")}</tr>`).join("\n")}</tbody></table>`
}

function sums(report: SuiteReport): string {
    return table(
        [
            "",
            "sent",
            "right",
            "wrong",
            "reported lost",
            "silently lost",
            "connections",
            "round trip, median",
            "99 %",
            "longest",
        ],
        report.sums.map(s => [
            s.network,
            ...[s.sent, s.right, s.wrong, s.lost].map(String),
            `<span class="${s.silentlyLost ? "bad" : "good"}">${s.silentlyLost}</span>`,
            `${s.connections}`,
            ...spreadCells(s.roundTrip),
        ])
    )
}

function spreadCells(spread: Spread | undefined): string[] {
    if (!spread) return ["", "", ""]
    const { median, p99, worst } = spread
    return [median, p99, worst].map(ms => `${Math.round(ms)} ms`)
}

function roundTrips({ scenarios }: SuiteReport, network: string): string {
    const times = scenarios
        .filter(scenario => scenario.network === network)
        .flatMap(({ exchanges }) =>
            exchanges.flatMap(({ roundTrip }) => roundTrip ?? [])
        )
    return `<p>${network}: ${times.length} right replies, by the board's clock</p>${distribution(times)}`
}

function reconnections({ scenarios }: SuiteReport): string {
    const all = scenarios.flatMap(({ name, reconnections }) =>
        reconnections.map(reconnection => ({ name, ...reconnection }))
    )
    const keys = [...new Set(all.map(({ name, fault }) => `${name}: ${fault}`))]
    return table(
        [
            "after",
            "times",
            "noticed after, median",
            "back after the way was free, median",
            "worst",
        ],
        keys.map(key => {
            const some = all.filter(r => `${r.name}: ${r.fault}` === key)
            const took = spread(some.map(r => r.took))!
            const noticed = spread(some.flatMap(r => r.noticed ?? []))
            return [
                escapeHtml(key),
                `${took.count}`,
                noticed ? `${noticed.median} ms` : "",
                `${took.median} ms`,
                `${took.worst} ms`,
            ]
        })
    )
}

function overview({ scenarios, sums }: SuiteReport): string {
    const networks = sums.map(({ network }) => network)
    const names = [...new Set(scenarios.map(({ name }) => name))]
    return table(
        ["", ...networks],
        names.map(name => [
            name,
            ...networks.map(network => {
                const found = scenarios.find(
                    s => s.name === name && s.network === network
                )
                if (!found) return ""
                const { status, took } = found
                const tone = status === "passed" ? "good" : "bad"
                return `<a class="${tone}" href="#${network}-${name}">${status}, ${(took / 1000).toFixed(1)} s</a>`
            }),
        ])
    )
}

function details(scenario: ScenarioReport): string {
    const { name, network, what, status, problems, figures, device } = scenario
    const tone = status === "passed" ? "good" : "bad"
    const { sent, right, wrong, lost, silentlyLost, late } = figures
    const facts = Object.entries(device).map(
        ([title, value]) => `${escapeHtml(title)} ${value}`
    )
    return `<details id="${network}-${name}"${status === "passed" ? "" : " open"}><summary>${escapeHtml(name)}, ${network}: <span class="${tone}">${status}</span></summary>
<p>${escapeHtml(what)}</p>
${problems.map(problem => `<p class="bad">${escapeHtml(problem)}</p>`).join("\n")}
<p>${right} of ${sent} right, ${wrong} wrong, ${lost} reported lost, ${silentlyLost} silently lost, ${late} late${facts.length ? `; ${facts.join(", ")}` : ""}</p>
${timeLine(scenario)}
<details><summary>log</summary><pre>${logOf(scenario)}</pre></details>
</details>`
}

/** Of a longer log the page has the beginning and the end. */
const SHOWN = 400

function logOf({ log, network, name }: ScenarioReport): string {
    const lines = log.map(
        ({ at, from, text }) =>
            `<span class="${from}">${(at / 1000).toFixed(3).padStart(9)} ${from.padEnd(6)} ${escapeHtml(text)}</span>`
    )
    if (lines.length <= SHOWN) return lines.join("\n")
    const left = lines.length - SHOWN
    return [
        ...lines.slice(0, SHOWN / 2),
        `… ${left} lines more, in logs/${network}-${name}.log …`,
        ...lines.slice(-SHOWN / 2),
    ].join("\n")
}
