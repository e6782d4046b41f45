import { CommanderError } from "commander"
import { addressesOf } from "./address.ts"
import { parseArguments, type Arguments } from "./arguments.ts"
import { startEchoServer, type EchoServer } from "./echo.ts"
import { CertificateError } from "./certificate.ts"
import { ListenError } from "./listen-error.ts"
import { isLogged, jsonLine, quote, textLine } from "./log.ts"
import { print } from "./output.ts"

/** Exit code of a command line that cannot be understood. */
const USAGE = 2

async function main(): Promise<void> {
    const { server: options, json, quiet, log } = readArguments()
    const lineOf = json ? jsonLine : textLine
    const server = await startEchoServer({
        ...options,
        onEvent: quiet ? undefined : event => print(lineOf(event)),
        wantsEvent: event => isLogged(event, log),
    })
    announce(server, options.host, json)
    const stop = () => void server.close()
    // again and again too: npm and tsx each pass a Ctrl-C on, and close() has a deadline
    process.on("SIGINT", stop).on("SIGTERM", stop)
    // without a certificate it means, as ever, that the terminal has gone
    if (options.certificate) process.on("SIGHUP", () => server.reload())
    // the reader of a pipe has gone
    process.stdout.on("error", stop)
}

function readArguments(): Arguments {
    try {
        return parseArguments(process.argv.slice(2))
    } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        process.exit(error.exitCode === 0 ? 0 : USAGE)
    }
}

function announce(server: EchoServer, host = "", json: boolean): void {
    const { url, page, plotPage, port, sourcePort, adminPort } = server
    const reachable = addressesOf(host).map(address => server.urlAt(address))
    if (json)
        return print(
            quote({
                event: "listening",
                url,
                page,
                plotPage,
                port,
                sourcePort,
                adminPort,
                reachable,
            })
        )
    print(`listening on ${url}`)
    for (const address of reachable) print(`reachable at ${address}`)
    print(`page at ${page}`)
    print(`devices and plot at ${plotPage}`)
    if (adminPort) print(`metrics and health at TCP port ${adminPort}`)
    if (sourcePort) print(`data sources at TCP port ${sourcePort}`)
}

main().catch((error: unknown) => {
    console.error(
        error instanceof ListenError || error instanceof CertificateError
            ? `error: ${error.message}`
            : error
    )
    process.exitCode = 1
})
