/** How a command is called, runs and ends. */
import { Command, Help, type Option } from "commander"
import { UserError } from "./errors.ts"

/** 128 and SIGPIPE, as a shell reports a command whose output nobody reads. */
const BROKEN_PIPE = 128 + 13

/** Settings of npm's own with a name that options of ours have, too. */
const NPM_OPTIONS = ["cert", "json", "key", "prefix", "yes"]

/** Commands of the package that are no npm scripts. */
const UNSCRIPTED = ["init", "debug"]

/**
 * A command whose help says how its user calls it, and which notices options that npm took for itself.
 * @param name of the npm script, or of the package's own command
 */
export function newCommand(name: string): Command {
    const command = new Command(calledAs(name))
    return command
        .configureHelp({ optionDescription })
        .configureOutput({
            outputError: (text, write) => write(lostToNpm(command) ?? text),
        })
        .hook("preAction", () => {
            const lost = lostToNpm(command)
            if (lost) command.error(lost)
        })
}

function calledAs(name: string): string {
    if (process.env.npm_command === "exec" || UNSCRIPTED.includes(name))
        return `npx devicescript-websocket ${name}`
    return name === "start" || name === "test"
        ? `npm ${name} --`
        : `npm run ${name} --`
}

/** An option's help, with the default as a person writes it. */
function optionDescription(option: Option): string {
    const { defaultValue, defaultValueDescription } = option
    const isNone = Array.isArray(defaultValue) && defaultValue.length === 0
    const shown = Object.create(option) as Option
    shown.defaultValue = isNone ? undefined : defaultValue
    shown.defaultValueDescription = defaultValueDescription ?? inWords(option)
    return new Help().optionDescription(shown)
}

/** `30 s` of `--ping <seconds>`; undefined: there is nothing to say that JSON does not. */
function inWords({ flags, defaultValue, argChoices }: Option) {
    if (typeof defaultValue === "string" && !argChoices) return defaultValue
    if (typeof defaultValue !== "number") return undefined
    const unit = /<(\w+)>/.exec(flags)?.[1] ?? ""
    return unit === "bytes"
        ? ofBytes(defaultValue)
        : withUnit(defaultValue, unit)
}

function withUnit(value: number, unit: string): string {
    const short = { ms: " ms", seconds: " s" }[unit] ?? ""
    return `${value.toLocaleString("en")}${short}`
}

function ofBytes(bytes: number): string {
    const mebibytes = bytes / 2 ** 20
    return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${bytes} bytes`
}

/** Of `npm start --count 20` npm passes on the 20 only. */
function lostToNpm(command: Command): string | undefined {
    const lost = command.options
        .map(option => option.name())
        .filter(name => !NPM_OPTIONS.includes(name))
        .filter(
            name => `npm_config_${name.replaceAll("-", "_")}` in process.env
        )
    if (!lost.length) return undefined
    return `error: npm took --${lost.join(" and --")} for itself: options of the command stand behind --, as in: ${command.name()} --${lost[0]} …\n`
}

/** Runs a command to its end; an error is shown with its stack unless the user can put it right. */
export async function runCommand(main: () => Promise<unknown>): Promise<void> {
    endWithReader()
    try {
        await main()
    } catch (error) {
        const isUsers = error instanceof UserError
        console.error(isUsers ? error.message : error)
        process.exitCode = isUsers ? error.exitCode : 1
    }
}

/** Ends the process when nobody reads its output any more (`… | head`): in order where there is something to end. */
function endWithReader(): void {
    for (const stream of [process.stdout, process.stderr])
        stream.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code !== "EPIPE") throw error
            if (!process.emit("SIGTERM", "SIGTERM")) process.exit(BROKEN_PIPE)
        })
}

/** Calls `stop` at Ctrl-C, at SIGTERM, and when the output's reader has gone; as often as that comes. */
export function onStop(stop: () => void): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.on(signal, () => stop())
}

/** Resolves when the command is to end, see `onStop`. */
export function stopSignal(): Promise<void> {
    return new Promise(resolve => onStop(resolve))
}
