import cluster, { type Worker } from "node:cluster"
import { createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { AdminListener } from "../http/admin-listener.ts"
import { announce, type Announcement } from "../cli/announcement.ts"
import type { Arguments } from "../cli/arguments.ts"
import { clusterStatus } from "./status.ts"
import { listen } from "../http/listen.ts"
import { quote } from "../telemetry/log.ts"
import { DEFAULTS } from "../options.ts"
import { print } from "../cli/output.ts"
import { WorkerBroker, type Member } from "./worker-broker.ts"
import type { FromBroker, ToBroker } from "../bus/worker-bus.ts"
import { timestamp } from "../telemetry/timestamp.ts"
import type { FromWorker } from "./worker.ts"

/** Milliseconds that the workers have to end; a server's own deadline is shorter. */
const DEADLINE = 10_000

/** Milliseconds between two workers that take each other's place, when the former did not last as long. */
const PAUSE = 1000

/** Events that a worker may leave untaken. */
const MOST_UNTAKEN = 10_000

/**
 * Runs `--workers` processes that serve the same ports: this one takes the connections and hands them out in turn. A
 * worker that ends is replaced. Ends with them, on SIGINT and SIGTERM; the exit code is 1 if the first could not start.
 */
export async function runWorkers(options: Arguments): Promise<void> {
    const { port, sourcePort, host } = options.server
    // each worker is to listen on the same free port, also one that comes after all others have ended
    const fixed = [
        ...(port === 0 ? ["--port", await freePort(host)] : []),
        ...(sourcePort === 0 ? ["--source-port", await freePort(host)] : []),
    ]
    cluster.setupPrimary({ args: [...process.argv.slice(2), ...fixed] })
    await new Workers(options).run()
}

async function freePort(host?: string): Promise<string> {
    const server = createServer()
    const port = await listen(server, host ?? DEFAULTS.host, 0)
    server.close()
    return String(port)
}

class Workers {
    readonly #options: Arguments
    readonly #broker = new WorkerBroker()
    readonly #alive = new Set<Worker>()
    /** Those who have said so: the others do not know all signals yet, and end with them */
    readonly #serving = new Set<Worker>()
    #adminPort?: number
    #announced = false
    #stopping = false
    #finish = () => {}
    readonly #finished = new Promise<void>(resolve => (this.#finish = resolve))

    constructor(options: Arguments) {
        this.#options = options
    }

    async run(): Promise<void> {
        try {
            await this.#run()
        } finally {
            this.#broker.close()
        }
    }

    async #run(): Promise<void> {
        const { workers, server } = this.#options
        const admin = await this.#openAdmin()
        const stop = () => this.#stop()
        process.on("SIGINT", stop).on("SIGTERM", stop)
        process.stdout.on("error", stop)
        if (server.certificate)
            process.on("SIGHUP", () => this.#signal("SIGHUP", this.#serving))
        // the first one alone, so that what is wrong with the options is said once
        const serves = await this.#start(1)
        if (!serves && !this.#stopping) process.exitCode = 1
        for (let number = 2; serves && number <= workers; ++number)
            void this.#start(number)
        await this.#finished
        await admin?.close()
    }

    async #openAdmin(): Promise<AdminListener | undefined> {
        const { server, workers } = this.#options
        const { adminHost = DEFAULTS.adminHost, adminPort } = server
        if (adminPort === undefined) return undefined
        const admin = new AdminListener(clusterStatus(this.#alive, workers))
        await admin.listen(adminHost, adminPort)
        this.#adminPort = admin.port
        return admin
    }

    /** @returns whether the worker serves; else it has ended, or all are to stop */
    #start(number: number): Promise<boolean> {
        const worker = cluster.fork()
        const since = Date.now()
        const member = memberOf(worker)
        this.#alive.add(worker)
        return new Promise(resolve => {
            worker.on("message", (message: FromWorker | ToBroker) => {
                if ("listening" in message) {
                    this.#serving.add(worker)
                    this.#announce(message.listening)
                    this.#tell(number, worker, "serves")
                    resolve(!this.#stopping)
                } else if (!("bus" in message)) return
                else if (message.bus === "publish")
                    this.#broker.publish(message.event, member)
                else this.#broker.join(member)
            })
            worker.once("exit", (code, signal) => {
                resolve(false)
                this.#alive.delete(worker)
                this.#serving.delete(worker)
                this.#broker.leave(member)
                if (this.#stopping || !this.#announced) return this.#check()
                this.#tell(number, worker, `ended: ${signal ?? code}`)
                void this.#replace(number, since)
            })
        })
    }

    async #replace(number: number, since: number): Promise<void> {
        if (Date.now() - since < PAUSE) await sleep(PAUSE)
        if (this.#stopping) this.#check()
        else void this.#start(number)
    }

    #announce(announcement: Announcement): void {
        const whole = { ...announcement, adminPort: this.#adminPort }
        if (!this.#announced) announce(whole, this.#options.json)
        this.#announced = true
    }

    /** Whether all have ended. */
    #check(): void {
        if (!this.#alive.size) this.#finish()
    }

    #tell(number: number, { process: { pid } }: Worker, what: string): void {
        const { json, quiet } = this.#options
        const time = timestamp()
        if (quiet) return
        if (json) print(quote({ event: "worker", time, number, pid, what }))
        else print(`${time} worker ${number}, process ${pid}, ${what}`)
    }

    /** Each server closes its connections itself. */
    #stop(): void {
        if (this.#stopping) return
        this.#stopping = true
        this.#signal("SIGTERM")
        this.#check()
        setTimeout(() => this.#signal("SIGKILL"), DEADLINE).unref()
    }

    #signal(name: NodeJS.Signals, workers = this.#alive): void {
        for (const worker of workers) worker.process.kill(name)
    }
}

function memberOf(worker: Worker): Member {
    let untaken = 0
    const send = (message: FromBroker) => {
        // a worker that takes nothing any more answers nobody else either
        if (++untaken > MOST_UNTAKEN) worker.process.kill("SIGKILL")
        worker.send(message, undefined, undefined, () => untaken--)
    }
    return {
        receive: event => send({ bus: "event", event }),
        joined: () => send({ bus: "subscribed" }),
    }
}
