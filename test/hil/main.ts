/** `npm run hil`: the scenarios on a simulated, an emulated or a real board. */
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { Option } from "commander"
import { newCommand, onStop, runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { integer, oneOf, repeated } from "../../lib/options.ts"
import { boards } from "../../tools/project/boards.ts"
import { readConfig } from "../../tools/project/config.ts"
import { PROJECT } from "../../tools/project/folder.ts"
import { FIRMWARE } from "../../sim/firmware.ts"
import { BACK_ENDS } from "./backends.ts"
import type { BackEnd, DeviceOptions } from "./device.ts"
import { firstContact } from "./first-contact/contact.ts"
import {
    reportOf as contactReport,
    writeReport,
} from "./first-contact/report.ts"
import { PLANTS, type Plant } from "./plants.ts"
import { Progress } from "./progress.ts"
import { writeReports } from "./report-files.ts"
import { reportOf, type SuiteReport } from "./report.ts"
import type { Scenario } from "./scenario.ts"
import { SCENARIOS } from "./scenarios/index.ts"
import { choose, NothingToRun } from "./select.ts"
import { runSuite, type Task } from "./suite.ts"
import { table } from "./table.ts"
import { patchOf } from "./variants.ts"

/** What the process ends with; the worst of what happened. Beside these: 3, no such device, and 4, nothing to run. */
const EXIT = {
    passed: 0,
    failed: 1,
    timedOut: 2,
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
    firstContact?: boolean
}

async function main(options: Options): Promise<number> {
    if (options.list) return await list()
    const stop = new AbortController()
    onStop(() => stop.abort())
    if (options.firstContact) return await contact(options, stop.signal)
    return options.plant === "each"
        ? await plantEach(options, stop.signal)
        : await suite(options, stop.signal)
}

async function suite(options: Options, stop: AbortSignal): Promise<number> {
    const { device, seed, out, junit } = options
    const plant = options.plant ? PLANTS[options.plant] : undefined
    if (plant) forSimulator(options, "faults are planted")
    if (options.psk) forSimulator(options, "a pre-shared key is built in")
    const backEnd = await BACK_ENDS[device]()
    const scenarios = await choose(options.scenario)
    const tasks = tasksOf(options, backEnd, scenarios, plant)
    if (!tasks.length)
        throw new NothingToRun(
            `${device} has the networks ${backEnd.networks.join(", ")}, and none of the scenarios asked for runs over them`
        )
    const started = new Date()
    const progress = new Progress(tasks.length)
    const jobs = Math.min(options.jobs, backEnd.parallel)
    const outcomes = await runSuite(tasks, jobs, stop, progress).finally(() =>
        progress.end()
    )
    const report = reportOf(outcomes, {
        device,
        started: started.toISOString(),
        took: Date.now() - started.getTime(),
        seed,
        planted: plant?.what,
        tasks: tasks.length,
    })
    console.log(`\n${table(report)}\n`)
    for (const file of writeReports(report, out, junit))
        console.log(`report: ${file}`)
    const { passed, failed, timedOut, notRun } = report
    console.log(
        `${passed} passed, ${failed} failed, ${timedOut} timed out${notRun ? `, ${notRun} not run to the end` : ""}`
    )
    return stop.aborted ? EXIT.interrupted : codeOf(report)
}

/** Each belief of ours on a board, and a report to send. */
async function contact(options: Options, stop: AbortSignal): Promise<number> {
    const { device, seed, out } = options
    const backEnd = await BACK_ENDS[device]()
    const network = options.network[0] ?? backEnd.networks[0]
    const board = options.board ?? readConfig(PROJECT).board
    const arch = boards().get(board)?.arch ?? "unknown"
    const rig = { backEnd, options: { ...options, network }, seed }
    const started = new Date()
    const contact = { rig, arch, names: options.scenario }
    const tried = await firstContact(contact, stop, ({ held, ...one }) =>
        console.log(`${held ? "✓" : "✗"} ${one.belief} Seen: ${one.saw}`)
    )
    if (tried.length === 0 && !stop.aborted)
        throw new NothingToRun("no belief has such a name")
    const file = join(out, "first-contact.md")
    const circumstances = { device, board, arch, network, started }
    writeReport(file, contactReport(tried, circumstances))
    const held = tried.filter(one => one.held).length
    console.log(
        `\n${held} of ${tried.length} beliefs held; please complete and send ${file}`
    )
    if (stop.aborted) return EXIT.interrupted
    return held === tried.length ? EXIT.passed : EXIT.failed
}

function codeOf({ failed, timedOut }: SuiteReport): number {
    if (failed) return EXIT.failed
    return timedOut ? EXIT.timedOut : EXIT.passed
}

/** Each scenario over each network that is asked for and there. */
function tasksOf(
    options: Options,
    backEnd: BackEnd,
    scenarios: Scenario[],
    plant?: Plant
): Task[] {
    const { network, seed } = options
    const networks = backEnd.networks.filter(
        name => !network.length || network.includes(name)
    )
    return scenarios.flatMap(scenario =>
        networks
            .filter(network => fits(scenario, backEnd, network, options))
            .map(network => ({
                scenario,
                rig: {
                    backEnd,
                    options: {
                        ...options,
                        network,
                        patch: plant?.variant && patchOf(plant.variant),
                    },
                    seed,
                    plantedServer: plant?.server,
                },
            }))
    )
}

function fits(
    { bends, plain }: Scenario,
    { modelled }: BackEnd,
    network: string,
    { tls, psk }: Options
) {
    if ((tls || psk) && (plain || !modelled)) return false
    if (tls && network !== "wifi") return false
    return !bends || (!!modelled && NETWORK_OF[bends] === network)
}

function forSimulator({ device }: Options, what: string) {
    if (device !== "sim")
        throw new UserError(
            `${what} where programs are compiled here, in sim; the device is ${device}`
        )
}

/** Plants each fault where it has to be noticed. @returns 0 when it is, everywhere */
async function plantEach(options: Options, stop: AbortSignal): Promise<number> {
    forSimulator(options, "faults are planted")
    const backEnd = await BACK_ENDS[options.device]()
    const planted = new Map<Task, string>()
    for (const [name, plant] of Object.entries(PLANTS)) {
        const scenarios = SCENARIOS.filter(scenario =>
            plant.caughtBy.includes(scenario.name)
        )
        for (const task of tasksOf(options, backEnd, scenarios, plant))
            planted.set(task, name)
    }
    let caught = 0
    await runSuite([...planted.keys()], options.jobs, stop, {
        started: task =>
            console.log(
                `planted ${planted.get(task)}: ${PLANTS[planted.get(task)!].what}; ${task.scenario.name} runs over ${task.rig.options.network}`
            ),
        finished: (task, { status, problems }) => {
            const good = status === "failed" || status === "timed out"
            if (good) caught++
            console.log(
                `${good ? "✓ caught" : "✗ NOT CAUGHT"} ${planted.get(task)}, by ${task.scenario.name} over ${task.rig.options.network}${good ? `: ${problems.at(-1)}` : ""}`
            )
        },
    })
    console.log(`${caught} caught, ${planted.size - caught} not`)
    if (stop.aborted) return EXIT.interrupted
    return caught === planted.size ? EXIT.passed : EXIT.failed
}

async function list() {
    for (const [name, load] of Object.entries(BACK_ENDS)) {
        const { description, networks } = await load()
        console.log(`${name}: ${description} (${networks.join(", ")})`)
    }
    console.log()
    for (const { name, what } of SCENARIOS)
        console.log(`${name.padEnd(26)} ${what}`)
    return EXIT.passed
}

/** The network that a model belongs to. */
const NETWORK_OF = { wifi: "wifi", ethernet: "ethernet", modem: "cellular" }

const NETWORKS = ["wifi", "ethernet", "cellular"]

await newCommand("hil")
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
            .argParser(repeated(oneOf(NETWORKS)))
            .default([], "")
    )
    .addOption(
        new Option(
            "--scenario <name or file>",
            "part of a name, or a file of your own (….ts); may be repeated"
        )
            .argParser(repeated(String))
            .default([], "")
    )
    .option("--list", "the devices and the scenarios")
    .option(
        "--first-contact",
        "tries each of our beliefs about firmware and chip, in some minutes, or those of --scenario, and writes a report to send, first-contact.md"
    )
    .option(
        "--jobs <n>",
        "scenarios at the same time, where the device allows it",
        integer(1),
        4 * availableParallelism()
    )
    .option("--seed <n>", "seed of the link's jitter", integer(0), 1)
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
    .addOption(
        new Option(
            "--like <board>",
            "whose Wi-Fi a simulated board imitates, to the firmware's last mistake"
        ).choices(Object.keys(FIRMWARE))
    )
    .option("--tls", "over TLS, on a simulated board's Wi-Fi")
    .addOption(
        new Option(
            "--psk",
            "over TLS by a pre-shared key, on a simulated board's networks"
        ).conflicts("tls")
    )
    .option("--firmware <file>", "UF2 file for an emulated board")
    .option("--bootrom <file>", "boot ROM image for an emulated board")
    .action((options: Options) =>
        runCommand(async () => {
            process.exitCode = await main(options)
        })
    )
    .parseAsync()
