/** The report as JUnit XML, which build servers read: a suite for each network, a case for each scenario. */
import { escapeHtml } from "../../lib/html.ts"
import type { ScenarioReport, SuiteReport } from "./report.ts"

export function junit(report: SuiteReport): string {
    const suites = report.sums.map(({ network }) => {
        const cases = report.scenarios.filter(
            scenario => scenario.network === network
        )
        const count = (...statuses: string[]) =>
            cases.filter(({ status }) => statuses.includes(status)).length
        const attributes = [
            `name="${xml(`${report.device} ${network}`)}"`,
            `tests="${cases.length}"`,
            `failures="${count("failed")}"`,
            `errors="${count("timed out")}"`,
            `skipped="${count("stopped")}"`,
            `time="${seconds(cases.reduce((sum, { took }) => sum + took, 0))}"`,
            `timestamp="${report.started}"`,
        ]
        const elements = cases.map(scenario => testCase(report, scenario))
        return `  <testsuite ${attributes.join(" ")}>\n${elements.join("\n")}\n  </testsuite>`
    })
    return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("\n")}\n</testsuites>\n`
}

function testCase({ device }: SuiteReport, scenario: ScenarioReport): string {
    const { name, network, took, status, problems, log } = scenario
    const first = xml(problems[0] ?? status)
    const text = xml(problems.join("\n"))
    const results = {
        passed: "",
        failed: `<failure message="${first}">${text}</failure>`,
        "timed out": `<error type="timeout" message="${first}">${text}</error>`,
        stopped: "<skipped/>",
    }
    const board = log
        .filter(({ from }) => from === "board")
        .map(line => line.text)
    const output = `<system-out>${xml(board.join("\n"))}</system-out>`
    return `    <testcase classname="hil.${xml(`${device}.${network}`)}" name="${xml(name)}" time="${seconds(took)}">${results[status]}${output}</testcase>`
}

function seconds(milliseconds: number): string {
    return (milliseconds / 1000).toFixed(3)
}

/** XML 1.0, 2.2: a control character, which no XML can have, becomes a question mark. */
function xml(text: string): string {
    return escapeHtml(
        text.replace(
            /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu,
            "?"
        )
    )
}
