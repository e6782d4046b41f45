/** `npm run bench:plotter`: many sources and many pages on one server; whether any point is lost, and what it costs. */
import { createHistogram } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { newCommand, runCommand } from "../../lib/command.ts"
import { LoadPage, type Manner } from "./page.ts"
import { startPlotter, type Plotter } from "./server.ts"
import { LoadSources } from "./sources.ts"

const { short } = newCommand("bench:plotter")
    .description("Measures the plotter with many sources and many pages.")
    .option("--short", "less often and less long")
    .parse()
    .opts()

const SOURCES = 100
/** Points a second of each source */
const RATE = 100
const PAGES = 50
/** Pages that ask but do not read, and pages that read and then never ask */
const SLOW = 10
const SECONDS = short ? 5 : 30
/** Milliseconds that the last points may take */
const PATIENCE = 10_000

await runCommand(main)

async function main(): Promise<void> {
    const server = await startPlotter()
    process.once(
        "SIGINT",
        () => void server.stop().then(() => process.exit(130))
    )
    console.log(
        `${SOURCES} sources, ${RATE} points a second each, ${PAGES} pages, ${SECONDS} s a round`
    )
    const alone = await round(server, "alone", 0)
    const beside = await round(server, `beside ${SLOW} slow pages`, SLOW)
    await server.stop()
    console.log(
        `99th percentile beside slow pages: ${(beside.p99 / alone.p99).toFixed(2)} times as long`
    )
    const lost = alone.lost + beside.lost
    console.log(lost === 0 ? "no point was lost" : `${lost} points were lost`)
    process.exitCode = lost === 0 ? 0 : 1
}

/** Sends points for a while to a number of pages, and counts what each of them got. */
async function round(server: Plotter, name: string, slow: number) {
    const prefix = `${name}: `
    const open = (manner: Manner) =>
        LoadPage.open(server.page, manner, source => source.startsWith(prefix))
    const pages = await Promise.all(
        Array.from({ length: PAGES }, () => open("quick"))
    )
    const slowPages = await Promise.all(
        Array.from({ length: slow }, (_, i) => open(i % 2 ? "deaf" : "silent"))
    )
    const before = server.usage()
    const started = performance.now()
    const sources = await LoadSources.start(
        server.sourcePort,
        prefix,
        SOURCES,
        RATE
    )
    await sleep(SECONDS * 1000)
    const sent = await sources.stop()
    const elapsed = performance.now() - started
    const deadline = performance.now() + PATIENCE
    while (
        pages.some(page => page.received < sent) &&
        performance.now() < deadline
    )
        await sleep(50)
    const { cpu, memory } = server.usage()
    const delays = createHistogram()
    for (const delay of pages.flatMap(page => page.delays))
        delays.record(Math.max(1, Math.round(delay)))
    const lost = pages.reduce((sum, page) => sum + sent - page.received, 0)
    const disordered = pages.reduce((sum, page) => sum + page.disordered, 0)
    const p99 = delays.percentile(99)
    console.log(
        [
            `${prefix}${sent} points sent, each to ${PAGES} pages, ${lost} lost, ${disordered} out of order`,
            `  after ${delays.percentile(50)} ms, 99th percentile ${p99} ms`,
            `  the server took ${(((cpu - before.cpu) / elapsed) * 100).toFixed(0)} % of a core, ${(((cpu - before.cpu) * 1000) / (sent * PAGES)).toFixed(2)} µs a point and page, ${memory.toFixed(0)} MB (${before.memory.toFixed(0)} MB before)`,
        ].join("\n")
    )
    for (const page of [...pages, ...slowPages]) page.close()
    return { lost: lost + disordered, p99 }
}
