/** `npm start`: the echo server, and the program on a simulated board talking to it. */
import { InvalidArgumentError, Option } from "commander"
import { openPage } from "../../lib/browser.ts"
import { newCommand, runCommand, stopSignal } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { startServer } from "../../server/server.ts"
import { Board } from "../../sim/board.ts"
import type { LogEvent } from "../../sim/log.ts"
import { compile, compileForModels, type Program } from "../../sim/program.ts"
import type { Config } from "../project/config.ts"
import { configure } from "../project/configure.ts"
import { PROJECT } from "../project/folder.ts"
import {
    checkSetting,
    readSettings,
    withSettings,
    type Settings,
} from "../project/settings.ts"
import { explained } from "../log/error-sentences.ts"
import { Tally, isForUsers, readLine } from "../log/exchange-log.ts"
import {
    MODEMS,
    NETWORKS,
    networkOf,
    simulate,
    type Simulation,
} from "../simulator/networks.ts"
import { waiting } from "../toolchain/build.ts"

interface Options {
    network?: string
    modem?: Config["modem"]
    url?: string
    unplugAfter?: number
    open?: boolean
    count?: number
    interval?: number
    timeout?: number
    message?: string
}

/** Milliseconds beyond interval and timeout after which a run that is to end by itself is given up. */
const PATIENCE = 30_000
/** Milliseconds between the server's pings, so that the page soon shows how long they take. */
const PING = 5000
const INTERRUPTED = "interrupted"

async function start(options: Options) {
    const written = withSettings(configure(), readSettings(PROJECT))
    const stop = stopSignal()
    const server = options.url
        ? undefined
        : await startServer({ port: 0, ping: PING }).catch((error: Error) => {
              throw new UserError(error.message)
          })
    try {
        const url = options.url ?? server!.url
        const config = {
            ...written,
            ...options,
            network: networkOf(options.network) ?? written.network,
        }
        expectCable(config)
        console.log(
            `${server ? "server" : "other server"} ${url}, board simulated, Ctrl-C ends`
        )
        if (server) showPage(server.plotPage, options.open)
        const { wires, close, ethernet, ...simulation } = simulate(config)
        const run = new Run(config, () => ethernet?.chip.unplug())
        try {
            const board = await Board.start(programOf(simulation), {
                settings: {
                    ...simulation.settings,
                    ...settingsOf({ ...options, modem: config.modem, url }),
                    PLOT: server ? true : config.plot,
                },
                wires,
                log: line => run.read(line),
            })
            try {
                process.exitCode = await run.end(board, stop)
            } finally {
                await board.stop()
            }
        } finally {
            close()
        }
    } finally {
        await server?.close()
    }
}

function programOf({
    entry,
    modelled,
}: Pick<Simulation, "entry" | "modelled">): Program {
    return modelled
        ? compileForModels(entry, waiting).program
        : compile(entry, waiting)
}

/** @throws UserError when there is no cable to pull out */
function expectCable({
    network,
    unplugAfter,
}: Config & Pick<Options, "unplugAfter">) {
    if (unplugAfter !== undefined && ![network].flat().includes("ethernet"))
        throw new UserError(
            `expected Ethernet with --unplug-after, found ${network}: --network ethernet,cellular has a modem beside it`
        )
}

function showPage(page: string | undefined, open = false) {
    if (!page) return
    console.log(`devices and plot at ${page}`)
    if (open)
        openPage(page, why => console.log(`no browser to open it in: ${why}`))
}

/** The options as settings, which win over devs.json; and exchanges are shown whatever the board is to log. */
function settingsOf({
    network: _,
    unplugAfter: _unplugAfter,
    open: _open,
    ...options
}: Options): Settings {
    const named = Object.entries(options).map(([key, value]) => [
        key.toUpperCase(),
        value,
    ])
    return { ...Object.fromEntries(named), LOG: "info" }
}

/** One run of the program, from its log. */
class Run {
    private readonly tally = new Tally()
    private finish!: (problem: string) => void
    private readonly finished = new Promise<string>(
        resolve => (this.finish = resolve)
    )
    private timer?: NodeJS.Timeout

    constructor(
        private readonly config: Config & Pick<Options, "unplugAfter">,
        private readonly unplug: () => void
    ) {}

    /** Takes a line of the log. */
    read(event: LogEvent) {
        if (isForUsers(event)) console.log(explained(event.text))
        const line = readLine(event.text)
        if (!line) return
        this.tally.add(line)
        if (line.kind === "right" && line.n === this.config.unplugAfter) {
            console.log("the network cable is pulled out")
            this.unplug()
        }
        this.timer?.refresh()
        if (line.kind === "closed") this.finish("")
    }

    /** Waits for the end. @returns the exit code: 0 when all went well */
    async end(board: Board, stop: Promise<void>): Promise<number> {
        const { count, interval, timeout } = this.config
        const limit = interval + timeout + PATIENCE
        const giveUp = () =>
            this.finish(`no exchange for ${limit / 1000} s, given up`)
        if (count > 0) this.timer = setTimeout(giveUp, limit)
        const problem = await Promise.race([
            this.finished,
            board.exited.then(({ name }) => `the program ended: ${name}`),
            stop.then(() => INTERRUPTED),
        ])
        clearTimeout(this.timer)
        // a program that comes to its end prints the sums itself
        if (problem) console.log(`${problem}\n${this.tally}`)
        return this.isGood(problem) ? 0 : 1
    }

    private isGood(problem: string): boolean {
        const { sent, right, wrong, lost } = this.tally
        const { count } = this.config
        if (count > 0) return right === count
        // the message that Ctrl-C came in the way of is nobody's fault
        return (
            problem === INTERRUPTED && wrong + lost === 0 && right >= sent - 1
        )
    }
}

/** Parses an option's value, and checks it as the setting of the same name. */
function option<T>(key: keyof Options, parse: (text: string) => T) {
    return (text: string): T => {
        const value = parse(text)
        const problem = checkSetting(key.toUpperCase(), value)
        if (problem) throw new InvalidArgumentError(problem)
        return value
    }
}

/** The text itself when it is not a number: the check then shows it. */
const number = (text: string) =>
    text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text)

await newCommand("start")
    .description("runs the program on a simulated board against a server")
    .addOption(
        new Option("--network <name>", "instead of devs.json's").choices(
            NETWORKS
        )
    )
    .addOption(
        new Option("--modem <make>", "instead of devs.json's").choices(
            Object.keys(MODEMS)
        )
    )
    .option(
        "--unplug-after <n>",
        "exchanges after which Ethernet's cable is pulled out",
        number
    )
    .option("--open", "opens the page with the board and its plot")
    .option(
        "--count <n>",
        "exchanges to make; exit code 0 only if every reply was right (default: devs.json's)",
        option("count", number)
    )
    .option(
        "--interval <ms>",
        "between messages (default: devs.json's)",
        option("interval", number)
    )
    .option(
        "--timeout <ms>",
        "to wait for a reply (default: devs.json's)",
        option("timeout", number)
    )
    .option(
        "--message <text>",
        "{n}: running number (default: devs.json's)",
        option("message", String)
    )
    .option(
        "--url <url>",
        "server to talk to, instead of one that it starts",
        option("url", String)
    )
    .action(options => runCommand(() => start(options)))
    .parseAsync()
