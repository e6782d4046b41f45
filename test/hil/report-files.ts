/** Writes the reports of a run, and keeps its logs. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { html } from "./html.ts"
import { junit } from "./junit.ts"
import type { ScenarioReport, SuiteReport } from "./report.ts"

/**
 * @param folder gets report.json, index.html, junit.xml and logs/
 * @param junitFile where else to put the JUnit XML
 * @returns what to look at
 */
export function writeReports(
    report: SuiteReport,
    folder: string,
    junitFile = join(folder, "junit.xml")
): string[] {
    const logs = join(folder, "logs")
    rmSync(logs, { recursive: true, force: true })
    mkdirSync(logs, { recursive: true })
    for (const scenario of report.scenarios)
        writeFileSync(
            join(logs, `${scenario.network}-${scenario.name}.log`),
            logText(scenario)
        )
    const page = join(folder, "index.html")
    const json = join(folder, "report.json")
    mkdirSync(dirname(junitFile), { recursive: true })
    writeFileSync(page, html(report))
    writeFileSync(json, JSON.stringify(report))
    writeFileSync(junitFile, junit(report))
    return [page, json, junitFile, logs]
}

/** Both ends and the link, a line each: seconds, who, what. */
export function logText({ log }: ScenarioReport): string {
    return log
        .map(
            ({ at, from, text }) =>
                `${(at / 1000).toFixed(3).padStart(9)} ${from.padEnd(6)} ${text}\n`
        )
        .join("")
}
