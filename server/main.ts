import cluster from "node:cluster"
import { CommanderError } from "commander"
import { announce, announcementOf } from "./cli/announcement.ts"
import { parseArguments, type Arguments } from "./cli/arguments.ts"
import { startServer } from "./server.ts"
import { CertificateError } from "./http/certificate.ts"
import { ListenError } from "./http/listen.ts"
import { loggedAt, jsonLine, textLine } from "./telemetry/log.ts"
import { print } from "./cli/output.ts"
import type { Bus } from "./bus/bus.ts"
import { WorkerBus } from "./bus/worker-bus.ts"
import { timestamp } from "./telemetry/timestamp.ts"
import { reportTo, shareOf } from "./cluster/worker.ts"
import { runWorkers } from "./cluster/workers.ts"

/** Exit code of a command line that cannot be understood. */
const USAGE = 2

async function main(): Promise<void> {
    const options = readArguments()
    if (options.workers > 1 && cluster.isPrimary) await runWorkers(options)
    else await serve(options)
}

async function serve(all: Arguments): Promise<void> {
    const { json, quiet, log, workers } = all
    const options = cluster.isWorker ? shareOf(all.server, workers) : all.server
    const lineOf = json ? jsonLine : textLine
    const server = await startServer({
        ...options,
        bus: await busOf(all),
        onEvent: quiet ? undefined : event => print(lineOf(event)),
        wantsEvent: loggedAt(log),
    })
    const stop = async () => {
        await server.close()
        cluster.worker?.disconnect()
    }
    // again and again too: npm and tsx each pass a Ctrl-C on, and close() has a deadline
    process.on("SIGINT", () => void stop()).on("SIGTERM", () => void stop())
    // without a certificate it means, as ever, that the terminal has gone
    if (options.certificate) process.on("SIGHUP", () => server.reload())
    // the reader of a pipe has gone
    process.stdout.on("error", () => void stop())
    const announcement = announcementOf(server, options.host)
    if (cluster.isPrimary) announce(announcement, json)
    else reportTo(server, announcement)
}

async function busOf({ bus }: Arguments): Promise<Bus | undefined> {
    if (!bus) return cluster.isWorker ? new WorkerBus() : undefined
    // who does without it does not load NATS either
    const { NatsBus } = await import("./bus/nats-bus.ts")
    const report = (text: string) => console.error(`${timestamp()} ${text}`)
    return new NatsBus({ ...bus, report })
}

function readArguments(): Arguments {
    try {
        return parseArguments(process.argv.slice(2))
    } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        process.exit(error.exitCode === 0 ? 0 : USAGE)
    }
}

main().catch((error: unknown) => {
    console.error(
        error instanceof ListenError || error instanceof CertificateError
            ? `error: ${error.message}`
            : error
    )
    process.exitCode = 1
    cluster.worker?.disconnect()
})
