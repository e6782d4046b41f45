/** The report as one page that needs nothing else. */
import { escapeHtml } from "../../lib/html.ts"
import { page } from "../report/page.ts"
import type { CaseReport, FamilyReport, SuiteReport } from "./report.ts"

const STYLE = `
td ul { margin: 0; padding: 0; list-style: none; font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
tr.failed { background: #cf222e18 }
`

export function html(report: SuiteReport): string {
    const { started, seconds, passed, failed, families } = report
    const links = Object.keys(report.links)
    const verdict = failed
        ? `<span class="bad">${failed} failed</span>, ${passed} passed`
        : `<span class="good">all ${passed} passed</span>`
    const cases = families.reduce((sum, { cases }) => sum + cases.length, 0)
    const modes = Object.entries(report.links).map(
        ([name, what]) =>
            `<tr><th>${name}</th><td>${escapeHtml(what)}</td></tr>`
    )
    return page(
        "WebSocket conformance",
        STYLE,
        `<p>The streaming echo, in DeviceScript on a simulated board with a heap of 64 KB, against RFC 6455: ${verdict}.
${cases} cases, each over one link or several; ${seconds} s, started ${started}.</p>
<h2>Links</h2>
<table><tbody>
${modes.join("\n")}
</tbody></table>
<h2>Families</h2>
${overview(families, links)}
${families.map(family).join("\n")}`
    )
}

function overview(families: FamilyReport[], links: string[]): string {
    const rows = families.map(({ title, cases }, i) => {
        const cells = links.map(link => {
            const all = cases.flatMap(({ outcomes }) => outcomes[link] ?? [])
            const good = all.filter(({ passed }) => passed).length
            if (!all.length) return "<td></td>"
            return `<td class="${good < all.length ? "bad" : "good"}">${good}/${all.length}</td>`
        })
        return `<tr><th><a href="#f${i}">${escapeHtml(title)}</a></th>${cells.join("")}</tr>`
    })
    const heads = links.map(link => `<th>${link}</th>`).join("")
    return `<table><thead><tr><th></th>${heads}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`
}

function family({ title, cases }: FamilyReport, i: number): string {
    const open = cases.some(({ passed }) => !passed) ? " open" : ""
    return `<details id="f${i}"${open}><summary>${escapeHtml(title)}</summary>
<table><thead><tr><th>No.</th><th>Case</th><th>RFC&nbsp;6455</th><th>Expected</th><th>Seen</th><th>Longest</th></tr></thead>
<tbody>
${cases.map(row).join("\n")}
</tbody></table></details>`
}

function row({
    id,
    name,
    section,
    passed,
    expected,
    outcomes,
}: CaseReport): string {
    const all = Object.entries(outcomes)
    const longest = Math.max(...all.map(([, { ms }]) => ms))
    const failed = all.filter(([, outcome]) => !outcome.passed)
    const good = all.filter(([, outcome]) => outcome.passed)
    const notes = [...new Set(all.flatMap(([, { note }]) => note ?? []))]
    const seen = [
        ...failed.map(
            ([link, outcome]) =>
                `<b class="bad">✗ ${link}</b>${list(outcome.seen)}`
        ),
        good.length
            ? `<span class="good">✓ ${good.map(([link]) => link).join(" ")}</span>${list(good[0][1].seen)}`
            : "",
        ...notes.map(note => `<small>${escapeHtml(note)}</small>`),
    ]
    return `<tr${passed ? "" : ' class="failed"'}><td class="n">${id}</td><td>${escapeHtml(name)}</td><td>${section}</td><td>${list(expected)}</td><td>${seen.join("")}</td><td class="n">${longest} ms</td></tr>`
}

function list(lines: string[]): string {
    return `<ul>${lines.map(line => `<li>${escapeHtml(line)}</li>`).join("")}</ul>`
}
