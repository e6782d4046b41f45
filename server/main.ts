import cluster from "node:cluster"
import { CommanderError } from "commander"
import type { Bus } from "./bus/bus.ts"
import { WorkerBus } from "./bus/worker-bus.ts"
import { announcement } from "./cli/announcement.ts"
import { parseArguments, type Arguments } from "./cli/arguments.ts"
import { LineWriter } from "./cli/line-writer.ts"
import { onStop } from "./cli/stop.ts"
import { addressesOf } from "./cluster/addresses.ts"
import { reportTo, shareOf } from "./cluster/worker.ts"
import { Workers } from "./cluster/workers.ts"
import { CredentialsError } from "./http/certificate.ts"
import { ListenError } from "./http/listen.ts"
import { hasCredentials } from "./options.ts"
import { startServer } from "./server.ts"
import { observe } from "./telemetry/events.ts"
import { jsonLine, loggedAt, quote, textLine } from "./telemetry/log.ts"
import { timestamp } from "./telemetry/timestamp.ts"

async function main(): Promise<void> {
    const options = readArguments()
    let stop = () => {}
    const print = printer(options, () => stop())
    if (options.workers > 1 && cluster.isPrimary)
        await runWorkers(options, print, stopping => (stop = stopping))
    else await serve(options, print, stopping => (stop = stopping))
}

/** What prints lines on standard output. @param closed its reader has gone */
function printer({ json }: Arguments, closed: () => void) {
    const complain = (text: string) => console.error(`${timestamp()} ${text}`)
    const writer = new LineWriter({
        leftOut: count =>
            json
                ? quote({ event: "left out", time: timestamp(), lines: count })
                : `${timestamp()} left out ${count} lines, because standard output did not take them`,
        failed: ({ message }) =>
            complain(
                `cannot write to standard output, leaving lines out: ${message}`
            ),
        closed,
    })
    // what goes wrong with standard error cannot be told to anybody
    process.stderr.on("error", () => {})
    return writer.print
}

async function serve(
    options: Arguments,
    print: (line: string) => void,
    stoppable: (stop: () => void) => void
): Promise<void> {
    const { json, quiet, log, workers } = options
    const own = cluster.isWorker
        ? shareOf(options.server, workers)
        : options.server
    const lineOf = json ? jsonLine : textLine
    const server = await startServer({
        ...own,
        bus: await busOf(options),
        on: quiet ? {} : observe(event => print(lineOf(event)), loggedAt(log)),
    })
    const stop = async () => {
        await server.close()
        cluster.worker?.disconnect()
    }
    // more than once too: npm and tsx each pass a Ctrl-C on, and close() has a deadline
    onStop(() => void stop())
    stoppable(() => void stop())
    // without any it means, as ever, that the terminal has gone
    if (hasCredentials(own)) process.on("SIGHUP", () => server.reload())
    const addresses = addressesOf(server, own.host)
    if (cluster.isPrimary) announcement(addresses, json).forEach(print)
    else reportTo(server, addresses)
}

async function runWorkers(
    { server, workers: count, json, quiet }: Arguments,
    print: (line: string) => void,
    stoppable: (stop: () => void) => void
): Promise<void> {
    const workers = new Workers({
        count,
        server,
        listening: addresses => announcement(addresses, json).forEach(print),
        report({ number, pid, what }) {
            const time = timestamp()
            if (quiet) return
            if (json) print(quote({ event: "worker", time, number, pid, what }))
            else print(`${time} worker ${number}, process ${pid}, ${what}`)
        },
    })
    onStop(() => workers.stop())
    stoppable(() => workers.stop())
    if (hasCredentials(server)) process.on("SIGHUP", () => workers.reload())
    if (!(await workers.run())) process.exitCode = 1
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
        process.exit(error.exitCode)
    }
}

main().catch((error: unknown) => {
    console.error(
        error instanceof ListenError || error instanceof CredentialsError
            ? `error: ${error.message}`
            : error
    )
    process.exitCode = 1
    cluster.worker?.disconnect()
})
