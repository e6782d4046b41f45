import cluster, { type Worker } from "node:cluster"
import { once } from "node:events"
import { createServer, type AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { announce, type Announcement } from "./announcement.ts"
import type { Arguments } from "./arguments.ts"
import { listenError } from "./listen-error.ts"
import { quote } from "./log.ts"
import { print } from "./output.ts"
import { Relay, type Member } from "./plot/relay.ts"
import type { FromRelay, ToRelay } from "./plot/worker-bus.ts"
import { timestamp } from "./timestamp.ts"

/** What a worker tells its parent, besides what its bus does. */
export interface Listening {
    listening: Announcement
}

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
    try {
        await once(server.listen(0, host), "listening")
    } catch (error) {
        throw listenError(error as NodeJS.ErrnoException, host ?? "", 0)
    }
    const { port } = server.address() as AddressInfo
    server.close()
    return String(port)
}

class Workers {
    readonly #options: Arguments
    readonly #relay = new Relay()
    readonly #alive = new Set<Worker>()
    #announced = false
    #stopping = false
    #finish = () => {}
    readonly #finished = new Promise<void>(resolve => (this.#finish = resolve))

    constructor(options: Arguments) {
        this.#options = options
    }

    async run(): Promise<void> {
        const { workers } = this.#options
        const stop = () => this.#stop()
        process.on("SIGINT", stop).on("SIGTERM", stop)
        process.stdout.on("error", stop)
        // the first one alone, so that what is wrong with the options is said once
        const serves = await this.#start(1)
        if (!serves && !this.#stopping) process.exitCode = 1
        for (let number = 2; serves && number <= workers; ++number)
            void this.#start(number)
        await this.#finished
        this.#relay.close()
    }

    /** @returns whether the worker serves; else it has ended, or all are to stop */
    #start(number: number): Promise<boolean> {
        const worker = cluster.fork()
        const since = Date.now()
        const member = memberOf(worker)
        this.#alive.add(worker)
        return new Promise(resolve => {
            worker.on("message", (message: Listening | ToRelay) => {
                if ("listening" in message) {
                    this.#announce(message.listening)
                    this.#tell(number, worker, "serves")
                    resolve(!this.#stopping)
                } else if (message.bus === "publish")
                    this.#relay.publish(message.event, member)
                else if (message.bus === "subscribe") this.#relay.join(member)
            })
            worker.once("exit", (code, signal) => {
                resolve(false)
                this.#alive.delete(worker)
                this.#relay.leave(member)
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
        if (!this.#announced) announce(announcement, this.#options.json)
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
        for (const worker of this.#alive) worker.process.kill("SIGTERM")
        this.#check()
        setTimeout(() => {
            for (const worker of this.#alive) worker.process.kill("SIGKILL")
        }, DEADLINE).unref()
    }
}

function memberOf(worker: Worker): Member {
    let untaken = 0
    const send = (message: FromRelay) => {
        // a worker that takes nothing any more answers nobody else either
        if (++untaken > MOST_UNTAKEN) worker.process.kill("SIGKILL")
        worker.send(message, undefined, undefined, () => untaken--)
    }
    return {
        receive: event => send({ bus: "event", event }),
        joined: () => send({ bus: "subscribed" }),
    }
}
