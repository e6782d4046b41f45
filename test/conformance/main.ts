/** `npm run conformance`: the streaming echo against the whole suite. */
import { mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { newCommand, onStop, runCommand } from "../../lib/command.ts"
import { checked, integer, repeated } from "../../lib/options.ts"
import { FAMILIES } from "./catalogue/index.ts"
import { html } from "./html.ts"
import type { Outcome } from "./judge.ts"
import { linkMode } from "./links.ts"
import { caseId, runTasks, tasksOf } from "./pool.ts"
import { Collector, OWN } from "./report.ts"
import type { Task } from "./worker.ts"

interface Options {
    only?: RegExp
    link: string[]
    jobs: number
    out: string
}

async function main({ only, link, jobs, out }: Options) {
    const tasks = tasksOf({ only, links: link })
    if (!tasks.length) {
        console.error(`expected a case that matches ${only}, found none`)
        process.exitCode = 2
        return
    }
    const stop = new AbortController()
    onStop(() => stop.abort())
    const collector = new Collector()
    let failed = 0
    await runTasks(tasks, jobs, stop.signal, {
        outcome: (task, number, outcome) => {
            collector.add(task.family, number, task.link, outcome)
            if (outcome.passed) return
            failed++
            console.log(complaint(task, number, outcome))
        },
        done: task => console.log(progress(task)),
    })
    const report = collector.report()
    mkdirSync(out, { recursive: true })
    writeFileSync(
        join(out, "conformance.json"),
        JSON.stringify(report, null, 1)
    )
    writeFileSync(join(out, "conformance.html"), html(report))
    for (const { title, cases } of report.families) {
        const all = cases.flatMap(({ outcomes }) => Object.values(outcomes))
        const good = all.filter(({ passed }) => passed).length
        console.log(`${`${good}/${all.length}`.padStart(11)}  ${title}`)
    }
    for (const { id, name, outcomes } of report.families.flatMap(f => f.cases))
        for (const { note } of Object.values(outcomes))
            if (note) console.log(`${id} ${name}: ${note}`)
    console.log(
        `report: ${join(out, "conformance.html")}, ${join(out, "conformance.json")}; ${report.seconds} s`
    )
    console.log(`${report.passed} passed, ${report.failed} failed`)
    if (failed || stop.signal.aborted) process.exitCode = 1
}

function progress({ family, link, cases }: Task): string {
    const { title } = FAMILIES[family]
    const what =
        cases.length > 1
            ? `${cases.length} cases`
            : FAMILIES[family].cases[cases[0]].name
    return `${(link ?? OWN).padEnd(12)} ${title}: ${what}`
}

function complaint(
    { family, link }: Task,
    number: number,
    outcome: Outcome
): string {
    const { name, section } = FAMILIES[family].cases[number]
    const { expected, seen } = outcome
    const at = seen.findIndex((line, i) => line !== expected[i])
    const from = Math.max(at < 0 ? seen.length - 1 : at, 0)
    const part = (lines: string[]) =>
        lines.slice(from, from + 5).join(" | ") || "nothing more"
    return [
        `FAILED ${caseId(family, number)} ${FAMILIES[family].title}: ${name} (RFC 6455, ${section}), link ${link ?? OWN}`,
        `    expected ${part(expected)}`,
        `    seen     ${part(seen)}`,
    ].join("\n")
}

await newCommand("conformance")
    .description(
        "drives the streaming echo on simulated boards through a conformance suite for RFC 6455"
    )
    .option(
        "--only <pattern>",
        "cases whose number, family or name it matches",
        checked(text => new RegExp(text, "i"))
    )
    .option(
        "--link <name>",
        "over this link only; may be repeated",
        repeated(checked(name => linkMode(name).name)),
        []
    )
    .option("--jobs <n>", "processes", integer(1), availableParallelism())
    .option("--out <folder>", "for the report", "artifacts")
    .action(options => runCommand(() => main(options)))
    .parseAsync()
