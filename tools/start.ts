/** `npm start`: the echo server, and the program on a simulated board talking to it. */
import { Command, InvalidArgumentError, Option } from "commander"
import { startEchoServer } from "../server/echo.ts"
import { QuectelModem } from "../sim/chips/modemquectel.ts"
import { SimcomModem } from "../sim/chips/modemsimcom.ts"
import { Sc16is7xx } from "../sim/chips/sc16is7xx.ts"
import { W5500 } from "../sim/chips/w5500.ts"
import { HomeLan } from "../sim/chips/w5500home.ts"
import { Board, type BoardOptions } from "../sim/host.ts"
import type { LogEvent } from "../sim/log.ts"
import { CompileError } from "../sim/program.ts"
import { Backplane, I2cWire, SpiWire } from "../sim/wires.ts"
import { configure, entryOf } from "./build.ts"
import { PROJECT, UserError, runTool } from "./common.ts"
import type { Config, Network } from "./config.ts"
import { Tally, readLine } from "./exchanges.ts"
import {
    checkSetting,
    readSettings,
    withSettings,
    type Settings,
} from "./settings.ts"

interface Options {
    network?: Network
    modem?: Config["modem"]
    url?: string
    count?: number
    interval?: number
    timeout?: number
    message?: string
}

/** Milliseconds beyond interval and timeout after which a run that is to end by itself is given up. */
const PATIENCE = 30_000
/** Lines of the firmware itself that are no news. */
const SYSTEM = "system"
const INTERRUPTED = "interrupted"

/** A network in the simulator: its entry, the chips that it needs, and how to end them. */
interface Simulation extends Pick<BoardOptions, "wires"> {
    entry: string
    close(): void
}

const MODEMS = { simcom: SimcomModem, quectel: QuectelModem }

const SIMULATIONS: Record<Network, (config: Config) => Simulation> = {
    wifi: config => ({ entry: entryOf(config), close: () => {} }),
    ethernet: () => {
        const chip = pluggedIn()
        return {
            entry: "sim/device/mainethernet.ts",
            wires: { bus: new Backplane({ w5500: new SpiWire(chip) }) },
            close: () => chip.close(),
        }
    },
    cellular: ({ modem }) => {
        const peer = new MODEMS[modem]()
        const bridge = new SpiWire(new Sc16is7xx({ peer }))
        return {
            entry: "sim/device/maincellular.ts",
            wires: { bus: new Backplane({ spi: bridge }) },
            close: () => peer.close(),
        }
    },
}

function pluggedIn(): W5500 {
    const chip = new W5500()
    chip.plug(new HomeLan())
    return chip
}

/** Of several networks the simulator has Ethernet and a modem beside it. */
function failover({ modem, network }: Config): Simulation {
    if (network.toString() !== "ethernet,cellular")
        throw new UserError(
            `"network" is ${JSON.stringify(network)}; of several networks at once the simulator has ["ethernet", "cellular"], in this order: it has one socket, which is the wire to both`
        )
    const chip = pluggedIn()
    const peer = new MODEMS[modem]()
    const bus = new Backplane({
        w5500: new SpiWire(chip),
        i2c: new I2cWire(new Sc16is7xx({ peer })),
    })
    return {
        entry: "sim/device/mainfailover.ts",
        wires: { bus },
        close: () => {
            chip.close()
            peer.close()
        },
    }
}

function simulate(config: Config): Simulation {
    const { network } = config
    return typeof network === "string"
        ? SIMULATIONS[network](config)
        : failover(config)
}

async function start(options: Options) {
    const written = withSettings(
        configure(options.modem && { modem: options.modem }),
        readSettings(PROJECT)
    )
    const stop = stopSignal()
    const server = options.url
        ? undefined
        : await startEchoServer({ port: 0 }).catch((error: Error) => {
              throw new UserError(error.message)
          })
    try {
        const url = options.url ?? server!.url
        const config = { ...written, ...options }
        console.log(
            `${server ? "server" : "other server"} ${url}, board simulated, Ctrl-C ends`
        )
        const run = new Run(config)
        const { entry, wires, close } = simulate(config)
        try {
            const board = await startBoard(entry, {
                settings: settingsOf({ ...options, url }),
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

/** Resolves at Ctrl-C; however often that is pressed, or sent, the run ends in order. */
function stopSignal(): Promise<void> {
    return new Promise(resolve => {
        for (const signal of ["SIGINT", "SIGTERM"] as const)
            process.on(signal, () => resolve())
    })
}

/** The options as settings, which win over devs.json; and exchanges are shown whatever the board is to log. */
function settingsOf({ network: _, modem: __, ...options }: Options): Settings {
    const named = Object.entries(options).map(([key, value]) => [
        key.toUpperCase(),
        value,
    ])
    return { ...Object.fromEntries(named), LOG: "info" }
}

async function startBoard(
    entry: string,
    options: BoardOptions
): Promise<Board> {
    try {
        return await Board.start(entry, options)
    } catch (error) {
        if (error instanceof CompileError) throw new UserError(error.message)
        throw error
    }
}

/** One run of the program, from its log. */
class Run {
    private readonly tally = new Tally()
    private finish!: (problem: string) => void
    private readonly finished = new Promise<string>(
        resolve => (this.finish = resolve)
    )
    private timer?: NodeJS.Timeout

    constructor(private readonly config: Config) {}

    /** Takes a line of the log. */
    read(event: LogEvent) {
        if (event.level !== SYSTEM) console.log(event.text)
        const line = readLine(event.text)
        if (!line) return
        this.tally.add(line)
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

/** The text itself when it is no number: the check then shows it. */
const number = (text: string) =>
    text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text)

await new Command("npm start --")
    .description("runs the program on a simulated board against a server")
    .addOption(
        new Option("--network <name>", "instead of devs.json's").choices(
            Object.keys(SIMULATIONS)
        )
    )
    .addOption(
        new Option("--modem <make>", "instead of devs.json's").choices(
            Object.keys(MODEMS)
        )
    )
    .option(
        "--count <n>",
        "exchanges to make; exit code 0 only if every reply was right",
        option("count", number)
    )
    .option("--interval <ms>", "between messages", option("interval", number))
    .option("--timeout <ms>", "to wait for a reply", option("timeout", number))
    .option(
        "--message <text>",
        "{n}: running number",
        option("message", String)
    )
    .option(
        "--url <url>",
        "server to talk to, instead of an own one",
        option("url", String)
    )
    .action(options => runTool(() => start(options)))
    .parseAsync()
