/** `npm run hil`: the scenarios on a simulated, an emulated or a real board. */
import { availableParallelism } from "node:os"
import { Command, InvalidArgumentError, Option } from "commander"
import { UserError } from "../../tools/common.ts"
import { BACK_ENDS } from "./backends.ts"
import { NoDevice, type DeviceOptions } from "./device.ts"
import { PLANTS, type Plant } from "./plants.ts"
import { Progress } from "./progress.ts"
import { reportOf, type SuiteReport } from "./report.ts"
import { writeReports } from "./reportfiles.ts"
import type { Rig } from "./run.ts"
import { choose, everyScenario } from "./select.ts"
import { runSuite, type Task } from "./suite.ts"
import { table } from "./table.ts"

/** What the process ends with; the worst of what happened. */
export const EXIT = {
    passed: 0,
    failed: 1,
    timedOut: 2,
    noDevice: 3,
    nothingRun: 4,
    /** As a shell has it for Ctrl-C. */
    interrupted: 130,
}

interface Options extends Omit<DeviceOptions, "network" | "patch"> {
    device: string
    network: string[]
    scenario: string[]
    jobs: number
    seed: number
    plant?: string
    junit?: string
    out: string
    list?: boolean
}

async function main(options: Options): Promise<number> {
    if (options.list) return await list()
    if (options.plant === "each") return await plantEach(options)
    const plant = options.plant ? PLANTS[options.plant] : undefined
    const report = await suite(options, options.scenario, plant)
    if (!report) return EXIT.nothingRun
    console.log(`\n${table(report)}\n`)
    for (const file of writeReports(report, options.out, options.junit))
        console.log(`report: ${file}`)
    const { passed, failed, timedOut } = report
    console.log(`${passed} passed, ${failed} failed, ${timedOut} timed out`)
    return codeOf(report)
}

function codeOf({ failed, timedOut, scenarios }: SuiteReport): number {
    if (scenarios.some(({ status }) => status === "stopped"))
        return EXIT.interrupted
    if (failed) return EXIT.failed
    if (timedOut) return EXIT.timedOut
    return scenarios.length ? EXIT.passed : EXIT.nothingRun
}

/** @returns undefined when nothing fits the options */
async function suite(
    options: Options,
    names: string[],
    plant?: Plant
): Promise<SuiteReport | undefined> {
    const { device, jobs, seed } = options
    const backEnd = await BACK_ENDS[device]()
    const networks = options.network.length ? options.network : backEnd.networks
    const scenarios = await choose(names)
    const tasks = scenarios.flatMap(scenario =>
        networks
            .filter(network => backEnd.networks.includes(network))
            .map((network): Task => {
                const patch = plant?.patch
                const rig: Rig = {
                    backEnd,
                    options: { ...options, network, patch },
                    seed,
                    plantedServer: plant?.server,
                }
                return { scenario, rig }
            })
    )
    if (!tasks.length) {
        console.error(
            `nothing to run: ${device} has the networks ${backEnd.networks.join(", ")}; \`npm run hil -- --list\` names the scenarios`
        )
        return undefined
    }
    const stop = new AbortController()
    const end = () => stop.abort()
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end)
    const started = new Date()
    const progress = new Progress(tasks.length)
    const outcomes = await runSuite(
        tasks,
        Math.min(jobs, backEnd.parallel),
        stop.signal,
        progress
    ).finally(() => {
        progress.end()
        for (const signal of ["SIGINT", "SIGTERM"] as const)
            process.off(signal, end)
    })
    return reportOf(outcomes, {
        device,
        started: started.toISOString(),
        took: Date.now() - started.getTime(),
        seed,
        planted: plant?.what,
    })
}

/** Plants one fault after the other. @returns 0 when each makes the suite fail where it should */
async function plantEach(options: Options): Promise<number> {
    let code = EXIT.passed
    for (const [name, plant] of Object.entries(PLANTS)) {
        console.log(`planted ${name}: ${plant.what}`)
        const report = await suite(options, plant.caughtBy, plant)
        if (!report) return EXIT.nothingRun
        const missed = report.scenarios.filter(
            ({ status }) => status !== "failed" && status !== "timed out"
        )
        for (const { name: scenario, network } of missed) {
            console.log(`NOT CAUGHT by ${scenario} over ${network}`)
            code = EXIT.failed
        }
        if (codeOf(report) === EXIT.interrupted) return EXIT.interrupted
        if (!missed.length)
            console.log(`caught by ${plant.caughtBy.join(", ")}\n`)
    }
    return code
}

async function list() {
    for (const [name, load] of Object.entries(BACK_ENDS)) {
        const { description, networks } = await load()
        console.log(`${name}: ${description} (${networks.join(", ")})`)
    }
    console.log()
    for (const { name, what } of everyScenario())
        console.log(`${name.padEnd(26)} ${what}`)
    return EXIT.passed
}

function integer(minimum: number) {
    return (text: string): number => {
        const value = Number(text)
        if (text.trim() && Number.isInteger(value) && value >= minimum)
            return value
        throw new InvalidArgumentError(
            `expected an integer of at least ${minimum}`
        )
    }
}

const collect = (value: string, values: string[]) => [...values, value]

await new Command("npm run hil --")
    .description(
        "runs the scenarios on a board: simulated, emulated or real; the exit code is 0 passed, 1 failed, 2 timed out, 3 no such device here, 4 nothing to run, 130 Ctrl-C"
    )
    .addOption(
        new Option("--device <kind>", "what to test")
            .choices(Object.keys(BACK_ENDS))
            .default("sim")
    )
    .addOption(
        new Option(
            "--network <name>",
            "wifi, ethernet or cellular; may be repeated; default: all that the device has"
        )
            .argParser(collect)
            .default([], "")
    )
    .addOption(
        new Option(
            "--scenario <name or file>",
            "part of a name, or a file of your own (….ts); may be repeated"
        )
            .argParser(collect)
            .default([], "")
    )
    .option("--list", "the devices and the scenarios")
    .option(
        "--jobs <n>",
        "scenarios at the same time, where the device allows it",
        integer(1),
        4 * availableParallelism()
    )
    .option("--seed <n>", "of the link's jitter", integer(0), 1)
    .addOption(
        new Option(
            "--plant <fault>",
            "put a fault in, which the suite has to notice; each: one after the other, where it has to be noticed"
        ).choices([...Object.keys(PLANTS), "each"])
    )
    .option("--out <folder>", "for the reports and logs", "artifacts/hil")
    .option("--junit <file>", "JUnit XML; default: junit.xml in that folder")
    .option("--board <id>", "the board's id in boards/")
    .option("--port <path>", "serial port of a real board")
    .option("--baud <n>", "its speed", integer(1))
    .option(
        "--host <address>",
        "this computer's address, as a real board reaches it"
    )
    .option("--flash", "write the program's image to a real board first")
    .option("--firmware <file>", "UF2 file for an emulated board")
    .option("--bootrom <file>", "boot ROM image for an emulated board")
    .action(async (options: Options) => {
        try {
            process.exitCode = await main(options)
        } catch (error) {
            const known = error instanceof UserError
            const none = error instanceof NoDevice
            console.error(known || none ? (error as Error).message : error)
            process.exitCode = none ? EXIT.noDevice : EXIT.failed
        }
    })
    .parseAsync()
