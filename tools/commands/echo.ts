/** `npm run echo`: the streaming echo on one simulated board, for each URL that comes as a line on standard input. */
import { createInterface } from "node:readline"
import { Option } from "commander"
import { newCommand, onStop, runCommand } from "../../lib/command.ts"
import { integer, repeated } from "../../lib/options.ts"
import type { LinkOptions } from "../../sim/link.ts"
import { EchoBoard, type EchoOptions } from "../simulator/echo-board.ts"

interface Options {
    subprotocol: string[]
    maxMessage?: number
    heartbeat?: number
    handshakeTimeout?: number
    closeTimeout?: number
    compress?: string | true
    like: LinkOptions["like"]
    piece?: number
    delivery?: LinkOptions["delivery"]
    verbose?: boolean
}

/** Milliseconds to wait for the answer to a heartbeat. */
const HEARTBEAT_TIMEOUT = 10_000

async function main(options: Options) {
    const { like, piece, delivery, verbose } = options
    const echo = await EchoBoard.start({
        link: { like, piece, delivery },
        log: verbose
            ? ({ level, text }) => console.error(`${level}: ${text}`)
            : undefined,
    })
    const lines = createInterface({ input: process.stdin })
    let stopping = false
    const stop = () => {
        stopping = true
        lines.close()
        void echo.stop()
    }
    onStop(stop)
    let count = 0
    for await (const line of lines) {
        const url = line.trim()
        if (!url) continue
        const result = await echo.open(url, connectionOptions(options))
        if (stopping) break
        console.log(JSON.stringify(result))
        if (++count % 100 === 0) console.error(`${count} connections`)
    }
    await echo.stop()
}

function connectionOptions(options: Options): EchoOptions {
    const { subprotocol, maxMessage, heartbeat } = options
    const { handshakeTimeout, closeTimeout, compress } = options
    return {
        protocols: subprotocol.length ? subprotocol : undefined,
        maxMessage,
        heartbeat: heartbeat
            ? { interval: heartbeat, timeout: HEARTBEAT_TIMEOUT }
            : heartbeat === 0
              ? null
              : undefined,
        handshakeTimeout,
        closeTimeout,
        deflate: compress ? compression(compress) : undefined,
    }
}

/** Of every message, with windows of the default size or of so many bits. */
function compression(bits: string | true): EchoOptions["deflate"] {
    const size = bits === true ? 10 : Number(bits)
    return {
        threshold: 0,
        serverMaxWindowBits: size,
        clientMaxWindowBits: size,
    }
}

await newCommand("echo")
    .description(
        "echoes on one simulated board: reads a URL a line, opens one after the other, prints a line of JSON for each that has ended"
    )
    .option(
        "--subprotocol <name>",
        "to offer; may be repeated",
        repeated(String),
        []
    )
    .option("--max-message <bytes>", "default: any", integer(1))
    .option(
        "--heartbeat <ms>",
        "silence after which it sends a Ping; 0: never",
        integer(0)
    )
    .option("--handshake-timeout <ms>", "to the answer", integer(1))
    .option("--close-timeout <ms>", "for the peer to hang up", integer(1))
    .addOption(
        new Option(
            "--compress [bits]",
            "offers permessage-deflate, with windows of so many bits; default: 10"
        ).choices(["8", "9", "10", "11", "12", "13"])
    )
    .addOption(
        new Option("--like <board>", "whose network to imitate")
            .choices(["esp32", "picow", "simulator"])
            .default("esp32")
    )
    .option(
        "--piece <bytes>",
        "longest piece that the program receives",
        integer(1)
    )
    .addOption(
        new Option(
            "--delivery <mode>",
            "when the program receives: sim/link.ts"
        ).choices(["consumed", "idle", "burst"])
    )
    .option("--verbose", "the board's log, on standard error")
    .action(options => runCommand(() => main(options)))
    .parseAsync()
