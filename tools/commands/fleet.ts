/** `npm run fleet`: many simulated boards in a few processes, against one server. */
import { writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { InvalidArgumentError, Option } from "commander"
import { newCommand, onStop, runCommand } from "../../lib/command.ts"
import { integer, number } from "../../lib/options.ts"
import { Child } from "../fleet/child.ts"
import { add, noFigures, quantile } from "../fleet/figures.ts"
import { planFleet, type FleetOptions } from "../fleet/plan.ts"
import type { ServerNews } from "../fleet/server.ts"
import { summaryLine, table, type Moment } from "../fleet/table.ts"
import type { WorkerNews, WorkerOrder } from "../fleet/worker.ts"
import { configure } from "../project/configure.ts"

interface Options extends FleetOptions {
    processes: number
    seconds?: number
    url?: string
    json?: string
}

/** Milliseconds between two looks at a terminal, and between two lines of a file. */
const LOOK = { terminal: 1000, file: 5000 }

class Fleet {
    private readonly workers: Child<WorkerNews>[]
    private started = performance.now()
    private sentBefore = 0

    constructor(
        private readonly options: Options,
        url: string,
        private readonly server?: Child<ServerNews>
    ) {
        const plans = planFleet(options)
        const { faults, processes } = options
        const count = Math.min(processes, plans.length)
        this.workers = Array.from({ length: count }, (_, i) => {
            const child = new Child<WorkerNews>("worker.ts")
            const devices = plans.filter(({ number }) => number % count === i)
            const order: WorkerOrder = { url, devices, faults }
            child.tell(order)
            return child
        })
    }

    /** When every process has compiled the program, all begin. */
    async start() {
        await Promise.all(this.workers.map(worker => worker.first()))
        this.started = performance.now()
        for (const worker of this.workers) worker.tell("go")
    }

    /** @param interval milliseconds since the look before */
    look(interval: number): Moment {
        for (const child of [...this.workers, this.server]) child?.look()
        const processes = this.workers.map(({ news, busy }) => ({
            figures: news?.figures ?? noFigures(),
            cpu: busy,
        }))
        const total = processes
            .map(({ figures }) => figures)
            .reduce(add, noFigures())
        const rate = (1000 * (total.sent - this.sentBefore)) / interval
        this.sentBefore = total.sent
        const news = this.server?.news
        return {
            seconds: Math.round((performance.now() - this.started) / 1000),
            total: { ...total, devices: this.options.devices },
            processes,
            rate,
            server: news && { ...news, cpu: this.server!.busy },
        }
    }

    /** Rejects when a process ends too early. */
    get failed(): Promise<never> {
        return Promise.race(this.workers.map(({ failed }) => failed))
    }

    async end() {
        await Promise.all(this.workers.map(worker => worker.end()))
    }
}

async function main(options: Options) {
    configure()
    const stop = new AbortController()
    onStop(() => stop.abort())
    const server = options.url ? undefined : new Child<ServerNews>("server.ts")
    try {
        await run(options, server, stop)
    } finally {
        await server?.end()
    }
}

async function run(
    options: Options,
    server: Child<ServerNews> | undefined,
    stop: AbortController
) {
    const url = options.url ?? (await server!.first()).url
    console.log(
        `${options.devices} boards in ${options.processes} processes, ${server ? "own server" : "server"} ${url}, seed ${options.seed}, Ctrl-C ends`
    )
    const fleet = new Fleet(options, url, server)
    let latest: Moment
    try {
        await fleet.start()
        const failed = [fleet.failed, ...(server ? [server.failed] : [])]
        latest = await Promise.race([
            watch(fleet, options.seconds ?? Infinity, stop.signal),
            ...failed,
        ])
    } finally {
        stop.abort()
        await fleet.end()
    }
    const last = fleet.look(1)
    const processes = last.processes.map(({ figures }, i) => ({
        figures,
        cpu: latest.processes[i].cpu,
    }))
    const end = { ...latest, total: last.total, processes }
    if (!process.stdout.isTTY) console.log(table(end))
    process.exitCode = verdict(end, options)
}

/** Shows the fleet until the time is over. @returns the latest look at it */
async function watch(
    fleet: Fleet,
    seconds: number,
    signal: AbortSignal
): Promise<Moment> {
    const terminal = process.stdout.isTTY
    const interval = terminal ? LOOK.terminal : LOOK.file
    const end = performance.now() + 1000 * seconds
    let lines = 0
    let moment = fleet.look(interval)
    while (!signal.aborted && performance.now() < end - 1) {
        const wait = Math.min(interval, end - performance.now())
        await sleep(wait, undefined, { signal }).catch(() => {})
        moment = fleet.look(wait)
        const text = terminal ? fitting(table(moment)) : summaryLine(moment)
        if (lines) process.stdout.write(`\x1b[${lines}A\x1b[J`)
        if (terminal) lines = text.split("\n").length
        console.log(text)
    }
    return moment
}

/** Cut to the terminal's width: of a line that wraps, drawing anew would leave a part behind. */
function fitting(text: string): string {
    const width = process.stdout.columns || Infinity
    return text
        .split("\n")
        .map(line => line.slice(0, width))
        .join("\n")
}

/** @returns the exit code: 0 when every board got through, and nothing was wrong or silently lost */
function verdict(moment: Moment, { json }: Options): number {
    const { total } = moment
    if (json) {
        const { roundTrips, ...counts } = total
        const [median, p99, worst] = [0.5, 0.99, 1].map(part =>
            quantile(roundTrips, part)
        )
        const figures = { ...counts, roundTrip: { median, p99, worst } }
        const { seconds, rate, server } = moment
        writeFileSync(
            json,
            JSON.stringify({ seconds, rate, server, ...figures }, null, 4)
        )
    }
    const problems = [
        [total.wrong, "wrong replies"],
        [total.silentlyLost, "messages silently lost"],
        [total.died, "programs that died"],
        [total.devices - total.reached, "boards that never got through"],
    ].filter(([count]) => count)
    for (const [count, what] of problems) console.log(`${count} ${what}`)
    return problems.length ? 1 : 0
}

/** `500-2000`, or one number. */
function range(text: string) {
    const [from, to = from] = text.split("-").map(Number)
    if (Number.isInteger(from) && Number.isInteger(to))
        if (from >= 10 && to >= from) return { from, to }
    throw new InvalidArgumentError(
        "expected milliseconds from 10 on, as 1000 or 500-2000"
    )
}

await newCommand("fleet")
    .description(
        "runs simulated boards by the hundred against one server: to size it before shipping real ones"
    )
    .option("--devices <n>", "boards", integer(1), 200)
    .option(
        "--processes <n>",
        "to share them",
        integer(1),
        availableParallelism()
    )
    .addOption(
        new Option(
            "--interval <ms>",
            "between two messages of a board: each takes its own from such a range"
        )
            .argParser(range)
            .default({ from: 1000, to: 3000 }, "1000-3000 ms")
    )
    .option(
        "--faults <seconds>",
        "mean time between two faults of a board's network (reset, silence, stall, refused); 0: none",
        number(0),
        60
    )
    .option("--ramp <seconds>", "to switch all on", number(0), 5)
    .option("--seconds <n>", "then end; default: at Ctrl-C", integer(1))
    .option(
        "--url <url>",
        "the server; default: one of its own, in a process of its own"
    )
    .option("--seed <n>", "seed of the random choices", integer(0), 1)
    .option("--json <file>", "the figures at the end")
    .action(options => runCommand(() => main(options)))
    .parseAsync()
