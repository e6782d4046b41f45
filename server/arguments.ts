import { Argument, Command, InvalidArgumentError, Option } from "commander"
import { MODES, type ModeName } from "./modes.ts"
import { DEFAULTS, type EchoOptions } from "./options.ts"

/** What the command line asks for. */
export interface Arguments {
    server: EchoOptions
    /** Log lines as JSON */
    json: boolean
    /** No log lines */
    quiet: boolean
    /** Processes that serve */
    workers: number
}

/** The longest message that may be allowed, bytes: a quarter of the longest string of V8. */
const LARGEST_MESSAGE = 2 ** 27

/** More processes than any machine has use for. */
const MOST_WORKERS = 256

/** The longest ping interval, seconds. */
const DAY = 24 * 60 * 60

/** A subprotocol or header token, RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Reads the command line (without node and script).
 * @throws CommanderError once the problem, or the help that was asked for, is printed; `exitCode` 0 for the latter
 */
export function parseArguments(argv: string[]): Arguments {
    const command = createCommand().exitOverride()
    command.parse(argv, { from: "user" })
    const { json, quiet, workers, origin, subprotocol, ping, ...same } =
        command.opts()
    const [mode] = command.processedArgs as [ModeName]
    if (same.prefix !== undefined && mode !== "prefix")
        command.error(
            `error: option '--prefix <text>' argument '${same.prefix}' does not go with mode ${mode}. Allowed with mode prefix.`
        )
    if (same.sourcePort !== undefined && mode !== "plotter")
        command.error(
            `error: option '--source-port <number>' argument '${same.sourcePort}' does not go with mode ${mode}. Allowed with mode plotter.`
        )
    return {
        server: {
            ...same,
            mode,
            origins: origin,
            subprotocols: subprotocol,
            ping: ping * 1000,
        },
        json: json ?? false,
        quiet: quiet ?? false,
        workers,
    }
}

function createCommand(): Command {
    const byMode = (key: "port" | "path") =>
        `default: ${MODES.reverse[key]}, prefix ${MODES.prefix[key]}, tutorial ${MODES.tutorial[key]}, plotter ${MODES.plotter[key]}`
    return new Command("serve")
        .description("WebSocket server that answers every message")
        .addArgument(
            new Argument("[mode]", "what to answer")
                .choices(Object.keys(MODES))
                .default(DEFAULTS.mode)
        )
        .option(
            "--port <number>",
            `TCP port, 0 takes a free one (${byMode("port")})`,
            whole(0, 65535)
        )
        .option(
            "--source-port <number>",
            `TCP port for data sources, in plotter mode (default: ${DEFAULTS.sourcePort})`,
            whole(0, 65535)
        )
        .option(
            "--host <address>",
            "address to listen on; 0.0.0.0 lets the network in",
            notEmpty,
            DEFAULTS.host
        )
        .option("--path <path>", `path of the URL (${byMode("path")})`, path)
        .option(
            "--prefix <text>",
            `text to put in front, in prefix mode (default: ${JSON.stringify(DEFAULTS.prefix)})`
        )
        .option(
            "--origin <origin>",
            "let in this origin only; repeat for several (default: every origin)",
            each(origin)
        )
        .option(
            "--subprotocol <name>",
            "agree to this subprotocol; repeat for several",
            each(token)
        )
        .option(
            "--max-message <bytes>",
            "longest message",
            whole(1, LARGEST_MESSAGE),
            DEFAULTS.maxMessage
        )
        .option(
            "--max-connections <number>",
            "most connections at a time",
            whole(1, 65535),
            DEFAULTS.maxConnections
        )
        .option(
            "--ping <seconds>",
            "time between pings, and to answer one; 0 sends none",
            seconds,
            DEFAULTS.ping / 1000
        )
        .option(
            "--workers <number>",
            "processes that share the connections",
            whole(1, MOST_WORKERS),
            1
        )
        .addOption(new Option("--json", "log as lines of JSON"))
        .addOption(new Option("--quiet", "print the address only"))
}

type Parser<T> = (text: string) => T

function whole(least: number, most: number): Parser<number> {
    return text => {
        const value = Number(text)
        if (/^\d+$/.test(text) && value >= least && value <= most) return value
        throw new InvalidArgumentError(
            `Allowed is a whole number from ${least} to ${most}.`
        )
    }
}

const seconds: Parser<number> = text => {
    if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= DAY) return Number(text)
    throw new InvalidArgumentError(
        `Allowed are seconds from 0 to ${DAY}, with a decimal point if need be.`
    )
}

const notEmpty: Parser<string> = text => {
    if (text) return text
    throw new InvalidArgumentError("Allowed is an IP address or a host name.")
}

const path: Parser<string> = text => {
    if (/^\/[^\s?#]*$/.test(text) && /^[!-~]+$/.test(text)) return text
    throw new InvalidArgumentError(
        "Allowed is a path such as /ws: it starts with a slash, is printable ASCII, and has neither query nor fragment."
    )
}

// RFC 6454 section 6.2; "null" is what a page without an origin sends
const origin: Parser<string> = text => {
    if (text === "null" || /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/i.test(text))
        return text
    throw new InvalidArgumentError(
        "Allowed is scheme://host or scheme://host:port without a path, or null."
    )
}

const token: Parser<string> = text => {
    if (TOKEN.test(text)) return text
    throw new InvalidArgumentError(
        "Allowed are letters, digits and !#$%&'*+-.^_`|~ without spaces."
    )
}

/** Collects the values of an option that may be repeated. */
function each(
    parse: Parser<string>
): (text: string, before?: string[]) => string[] {
    return (text, before = []) => [...before, parse(text)]
}
