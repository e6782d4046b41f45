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
    handshakeTimeout?: number
    closeTimeout?: number
    compress?: string | true
    like: LinkOptions["like"]
    piece?: number
    delivery?: LinkOptions["delivery"]
    verbose?: boolean
}

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
    const { subprotocol, maxMessage, compress } = options
    const { handshakeTimeout, closeTimeout } = options
    return {
        protocols: subprotocol.length ? subprotocol : undefined,
        maxMessage,
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
    .option(
        "--max-message <bytes>",
        "longest message accepted (default: any)",
        integer(1)
    )
    .option(
        "--handshake-timeout <ms>",
        "for the connection, and then for the handshake (default: 30,000 ms and 10,000 ms)",
        integer(1)
    )
    .option(
        "--close-timeout <ms>",
        "for the peer to hang up (default: 5,000 ms)",
        integer(1)
    )
    .addOption(
        new Option(
            "--compress [bits]",
            "offers permessage-deflate, with windows of so many bits (default: 10)"
        ).choices(["8", "9", "10", "11", "12", "13"])
    )
    .addOption(
        new Option("--like <board>", "whose network to imitate")
            .choices(["esp32", "picow", "simulator"])
            .default("esp32")
    )
    .option(
        "--piece <bytes>",
        "longest piece that the program receives (default: the board's)",
        integer(1)
    )
    .addOption(
        new Option(
            "--delivery <mode>",
            "when the program receives: sim/link.ts (default: the board's)"
        ).choices(["consumed", "idle", "burst"])
    )
    .option("--verbose", "the board's log, on standard error")
    .action(options => runCommand(() => main(options)))
    .parseAsync()
