/** `npm start`: the echo server, and the program on a simulated board talking to it. */
import { Command, InvalidArgumentError } from "commander"
import { startEchoServer } from "../server/echo.ts"
import { Board } from "../sim/host.ts"
import type { LogEvent } from "../sim/log.ts"
import { CompileError } from "../sim/program.ts"
import { ENTRIES, configure } from "./build.ts"
import { UserError, runTool } from "./common.ts"
import { Tally, readLine } from "./exchanges.ts"
import { checkSetting, type Settings } from "./settings.ts"

interface Options {
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

async function start(options: Options) {
    const config = { ...configure(), ...options }
    const stop = stopSignal()
    const server = options.url
        ? undefined
        : await startEchoServer({ port: 0 }).catch((error: Error) => {
              throw new UserError(error.message)
          })
    try {
        const url = options.url ?? server!.url
        console.log(
            `${server ? "server" : "other server"} ${url}, board simulated, Ctrl-C ends`
        )
        const limit = config.interval + config.timeout + PATIENCE
        const run = new Run(config.count, limit)
        const board = await startBoard(
            ENTRIES[config.network],
            settingsOf({ ...options, url })
        )
        try {
            process.exitCode = await run.watch(board, stop)
        } finally {
            await board.stop()
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

function settingsOf(options: Options): Settings {
    const named = Object.entries(options).map(([key, value]) => [
        key.toUpperCase(),
        value,
    ])
    return { ...Object.fromEntries(named), LOG: "info" }
}

async function startBoard(entry: string, settings: Settings): Promise<Board> {
    try {
        return await Board.start(entry, { settings })
    } catch (error) {
        if (error instanceof CompileError) throw new UserError(error.message)
        throw error
    }
}

/** One run of the program, from its log. */
class Run {
    private readonly tally = new Tally()

    /**
     * @param count exchanges that it is to make; 0: no end
     * @param limit milliseconds without an exchange after which a run with an end is given up
     */
    constructor(
        private readonly count: number,
        private readonly limit: number
    ) {}

    /** @returns the exit code: 0 when all went well */
    async watch(board: Board, stop: Promise<void>): Promise<number> {
        let timer: NodeJS.Timeout | undefined
        const ended = new Promise<string>(resolve => {
            const giveUp = () =>
                resolve(`no exchange for ${this.limit / 1000} s, given up`)
            const onLog = (event: LogEvent) => {
                show(event)
                const line = readLine(event.text)
                if (!line) return
                this.tally.add(line)
                if (line.kind === "closed") resolve("")
                else if (this.count > 0) {
                    clearTimeout(timer)
                    timer = setTimeout(giveUp, this.limit)
                }
            }
            if (this.count > 0) timer = setTimeout(giveUp, this.limit)
            board.on("log", onLog)
            void board.exited.then(({ name }) =>
                resolve(`the program ended: ${name}`)
            )
            void stop.then(() => resolve("interrupted"))
        })
        const problem = await ended
        clearTimeout(timer)
        // a program that comes to its end prints the sums itself
        if (problem) console.log(`${problem}\n${this.tally}`)
        const whole = this.count === 0 || this.tally.sent === this.count
        return whole && this.isClean(problem) ? 0 : 1
    }

    private isClean(problem: string): boolean {
        const { sent, right, wrong, lost } = this.tally
        if (problem !== "" && problem !== "interrupted") return false
        const pending = this.count === 0 ? 1 : 0
        return wrong === 0 && lost === 0 && right >= sent - pending
    }
}

function show({ level, text }: LogEvent) {
    if (level !== SYSTEM) console.log(text)
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
