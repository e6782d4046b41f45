import { Argument, Option, type Command } from "commander"
import { newCommand } from "../../lib/command.ts"
import { MODES, type ModeName } from "../modes/modes.ts"
import { LEVELS, type Level } from "../telemetry/log.ts"
import { DEFAULTS, type ServerOptions } from "../options.ts"
import {
    busUrl,
    each,
    hostName,
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
        publicName,
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
            `error: option '--prefix <text>' argument '${same.prefix}' needs mode prefix, got mode ${mode}`
        )
    if (same.sourcePort !== undefined && mode !== "plotter")
        command.error(
            `error: option '--source-port <number>' argument '${same.sourcePort}' needs mode plotter, got mode ${mode}`
        )
    for (const option of ["maxRooms", "maxMembers", "slow"] as const)
        if (command.getOptionValueSource(option) === "cli" && mode !== "relay")
            command.error(
                `error: option '--${kebab(option)}' needs mode relay, got mode ${mode}`
            )
    if ((cert === undefined) !== (key === undefined))
        command.error(
            "error: options '--cert <file>' and '--key <file>' need each other"
        )
    return {
        server: {
            ...same,
            mode,
            certificate: cert && { cert, key },
            tokens: same.tokenFile,
            origins: origin,
            subprotocols: subprotocol,
            publicNames: publicName,
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

const kebab = (option: string) =>
    option.replace(/[A-Z]/, letter => "-" + letter.toLowerCase())

const milliseconds = (seconds: number) => Math.round(seconds * 1000)

function createCommand(): Command {
    const byMode = (key: "port" | "path") =>
        `default: ${MODES.reverse[key]}, prefix ${MODES.prefix[key]}, tutorial ${MODES.tutorial[key]}, plotter ${MODES.plotter[key]}, relay ${MODES.relay[key]}`
    return newCommand("serve")
        .description(
            "WebSocket server that answers every message or relays it, and plots"
        )
        .addArgument(
            new Argument("[mode]", "what to do with messages")
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
            "address to listen on; 0.0.0.0 for all of the network",
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
            "accept only pages of this origin; repeatable (default: any)",
            each(origin)
        )
        .option(
            "--public-name <host>",
            "host name under which browsers reach the server, besides its addresses and this computer's name; repeatable",
            each(hostName)
        )
        .option(
            "--subprotocol <name>",
            "subprotocol to agree to; repeatable",
            each(token)
        )
        .option(
            "--compress",
            "compress messages for clients that offer it (permessage-deflate)"
        )
        .option(
            "--max-message <bytes>",
            "longest message accepted",
            whole(1, LARGEST_MESSAGE),
            DEFAULTS.maxMessage
        )
        .option(
            "--max-fragments <number>",
            "maximum fragments of a message (default: one for 64 bytes of the longest message, at least 16384)",
            whole(1, LARGEST_MESSAGE)
        )
        .option(
            "--max-connections <number>",
            "maximum concurrent connections",
            whole(1, 65535),
            DEFAULTS.maxConnections
        )
        .option(
            "--ping <seconds>",
            "interval of pings, and time to answer one; 0 disables them",
            seconds(0),
            DEFAULTS.ping / 1000
        )
        .option(
            "--workers <number>",
            "number of processes that share the connections",
            whole(1, MOST_WORKERS),
            1
        )
        .option(
            "--max-per-address <number>",
            "maximum concurrent connections from one address (default: a quarter of all; no limit for loopback)",
            whole(1, 65535)
        )
        .option(
            "--request-timeout <seconds>",
            "time to send a request or handshake, or the name of a data source",
            seconds(SHORTEST),
            DEFAULTS.handshakeTimeout / 1000
        )
        .option(
            "--stall-timeout <seconds>",
            "time after which a client that reads none of its replies is dropped",
            seconds(SHORTEST),
            DEFAULTS.stallTimeout / 1000
        )
        .option(
            "--max-rate <messages>",
            `maximum messages a second from one client, twice as many in a burst (default: unlimited, relay ${MODES.relay.maxRate})`,
            whole(1, 1_000_000)
        )
        .option(
            "--max-rooms <number>",
            "in relay mode: maximum rooms that are open at a time, with --workers in each of them",
            whole(1, 1_000_000),
            DEFAULTS.maxRooms
        )
        .option(
            "--max-members <number>",
            "in relay mode: maximum members of a room, on all workers and servers",
            whole(1, 65535),
            DEFAULTS.maxMembers
        )
        .addOption(
            new Option(
                "--slow <what>",
                "in relay mode: what becomes of a member that does not read: it is dropped with 1013, or messages are skipped"
            )
                .choices(["drop", "skip"])
                .default(DEFAULTS.slow)
        )
        .option(
            "--token-file <file>",
            "accept only clients with a token from this file, which has one a line, in relay mode with the rooms that it opens",
            tokenFile
        )
        .option("--cert <file>", "certificate with its chain, PEM; serves wss:")
        .option("--key <file>", "private key of the certificate, PEM")
        .option(
            "--psk-file <file>",
            "pre-shared keys of devices, one identity:key a line; serves wss: to them, with or without a certificate"
        )
        .option(
            "--trust-proxy <range>",
            "address or range of proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted; repeatable",
            each(range)
        )
        .option(
            "--admin-port <number>",
            "TCP port for /metrics and /health (default: none)",
            whole(0, 65535)
        )
        .option(
            "--admin-host <address>",
            "address for /metrics and /health",
            notEmpty,
            DEFAULTS.adminHost
        )
        .addOption(
            new Option(
                "--log <level>",
                "least level to log; debug includes every message"
            )
                .choices(LEVELS)
                .default("info")
        )
        .option(
            "--bus <url>",
            "NATS server with JetStream, over which servers share devices and plot",
            busUrl
        )
        .addOption(
            new Option("--bus-storage <kind>", "where NATS keeps the history")
                .choices(["file", "memory"])
                .default("file")
        )
        .addOption(new Option("--json", "log in JSON, one object a line"))
        .addOption(new Option("--quiet", "print only where the server listens"))
}
