import { Argument, Command, Option } from "commander"
import { MODES, type ModeName } from "../modes/modes.ts"
import { LEVELS, type Level } from "../telemetry/log.ts"
import { DEFAULTS, type ServerOptions } from "../options.ts"
import {
    busUrl,
    each,
    notEmpty,
    origin,
    path,
    range,
    seconds,
    token,
    tokenFile,
    whole,
} from "./values.ts"

/** What the command line asks for. */
export interface Arguments {
    server: ServerOptions
    /** Log lines as JSON */
    json: boolean
    /** No log lines */
    quiet: boolean
    /** The least important events that are logged */
    log: Level
    /** Processes that serve */
    workers: number
    /** Over which it shares the plot with other servers */
    bus?: { url: string; storage: "file" | "memory" }
}

/** The longest message that may be allowed, bytes: a quarter of the longest string of V8. */
const LARGEST_MESSAGE = 2 ** 27

/** The shortest time-out, seconds: none at all would be to wait for ever. */
const SHORTEST = 0.1

/** More processes than any machine has use for. */
const MOST_WORKERS = 256

/**
 * Reads the command line (without node and script).
 * @throws CommanderError once the problem, or the help that was asked for, is printed; `exitCode` 0 for the latter
 */
export function parseArguments(argv: string[]): Arguments {
    const command = createCommand().exitOverride()
    command.parse(argv, { from: "user" })
    const {
        json,
        quiet,
        log,
        workers,
        bus,
        busStorage: storage,
        origin,
        subprotocol,
        ping,
        requestTimeout,
        stallTimeout,
        cert,
        key,
        ...same
    } = command.opts()
    const [mode] = command.processedArgs as [ModeName]
    if (same.prefix !== undefined && mode !== "prefix")
        command.error(
            `error: option '--prefix <text>' argument '${same.prefix}' does not go with mode ${mode}. Allowed with mode prefix.`
        )
    if (same.sourcePort !== undefined && mode !== "plotter")
        command.error(
            `error: option '--source-port <number>' argument '${same.sourcePort}' does not go with mode ${mode}. Allowed with mode plotter.`
        )
    if ((cert === undefined) !== (key === undefined))
        command.error(
            "error: options '--cert <file>' and '--key <file>' go together only"
        )
    return {
        server: {
            ...same,
            mode,
            certificate: cert && { cert, key },
            tokens: same.tokenFile,
            origins: origin,
            subprotocols: subprotocol,
            ping: milliseconds(ping),
            handshakeTimeout: milliseconds(requestTimeout),
            stallTimeout: milliseconds(stallTimeout),
        },
        log,
        json: json ?? false,
        quiet: quiet ?? false,
        workers,
        bus: bus && { url: bus, storage },
    }
}

const milliseconds = (seconds: number) => Math.round(seconds * 1000)

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
            seconds(0),
            DEFAULTS.ping / 1000
        )
        .option(
            "--workers <number>",
            "processes that share the connections",
            whole(1, MOST_WORKERS),
            1
        )
        .option(
            "--max-per-address <number>",
            "most connections from one address (default: a quarter of all, loopback all)",
            whole(1, 65535)
        )
        .option(
            "--request-timeout <seconds>",
            "time for a request, a handshake included",
            seconds(SHORTEST),
            DEFAULTS.handshakeTimeout / 1000
        )
        .option(
            "--stall-timeout <seconds>",
            "time that a client may take none of the replies that wait for it",
            seconds(SHORTEST),
            DEFAULTS.stallTimeout / 1000
        )
        .option(
            "--max-rate <messages>",
            "most messages a second from one client, and twice as many at once (default: any)",
            whole(1, 1_000_000)
        )
        .option(
            "--token-file <file>",
            "let in only who has a token of this file, one a line",
            tokenFile
        )
        .option("--cert <file>", "certificate with its chain, PEM: serves wss:")
        .option("--key <file>", "its private key, PEM")
        .option(
            "--trust-proxy <range>",
            "believe this proxy's X-Forwarded-For and -Proto; repeat for several",
            each(range)
        )
        .option(
            "--admin-port <number>",
            "TCP port for /metrics and /health (default: none)",
            whole(0, 65535)
        )
        .option(
            "--admin-host <address>",
            "address for that port",
            notEmpty,
            DEFAULTS.adminHost
        )
        .addOption(
            new Option("--log <level>", "what to log: debug has the messages")
                .choices(LEVELS)
                .default("debug")
        )
        .option(
            "--bus <url>",
            "share devices and plot with the other servers on this NATS server, which needs JetStream",
            busUrl
        )
        .addOption(
            new Option("--bus-storage <kind>", "where NATS keeps the history")
                .choices(["file", "memory"])
                .default("file")
        )
        .addOption(new Option("--json", "log as lines of JSON"))
        .addOption(new Option("--quiet", "print the address only"))
}
