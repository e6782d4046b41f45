import cluster, { type Worker } from "node:cluster"
import { createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { hostRejection, knownHosts } from "../access/known-hosts.ts"
import {
    bytesOf,
    MOST_BYTES,
    MOST_WAITING,
    type FromBroker,
    type ToBroker,
} from "../bus/worker-bus.ts"
import { AdminListener } from "../http/admin-listener.ts"
import { listen } from "../http/listen.ts"
import { DEFAULTS, type ServerOptions } from "../options.ts"
import type { Addresses } from "./addresses.ts"
import { clusterStatus } from "./status.ts"
import { WorkerBroker, type Member } from "./worker-broker.ts"
import type { FromWorker } from "./worker.ts"

/** Milliseconds that the workers have to end; a server's own deadline is shorter. */
const DEADLINE = 10_000

/** Milliseconds between two workers that take each other's place, when the former did not last as long. */
const PAUSE = 1000

/** Events that a worker may leave untaken. */
const MOST_UNTAKEN = 10_000

/** What happened to a worker. */
export interface WorkerEvent {
    /** From 1 on; a worker that replaces another one has its number */
    number: number
    pid?: number
    what: string
}

/** What the workers are to do. */
export interface WorkersOptions {
    count: number
    /** What all of them together are */
    server: ServerOptions
    /** The first worker listens, and with it all. */
    listening(addresses: Addresses): void
    report(event: WorkerEvent): void
}

/**
 * Processes that serve the same ports with the arguments of this one, which takes the connections and hands them out in
 * turn. A worker that ends is replaced.
 */
export class Workers {
    readonly #options: WorkersOptions
    readonly #broker = new WorkerBroker()
    readonly #alive = new Set<Worker>()
    /** Those who have said so: the others do not know all signals yet, and end with them */
    readonly #serving = new Set<Worker>()
    #adminPort?: number
    #announced = false
    #stopping = false
    #finish = () => {}
    readonly #finished = new Promise<void>(resolve => (this.#finish = resolve))

    constructor(options: WorkersOptions) {
        this.#options = options
    }

    /** Resolves when all have ended: `false` when the first could not start. @throws ListenError */
    async run(): Promise<boolean> {
        try {
            return await this.#run()
        } finally {
            this.#broker.close()
        }
    }

    /** Ends all; each server closes its connections itself. */
    stop(): void {
        if (this.#stopping) return
        this.#stopping = true
        this.#signal("SIGTERM")
        this.#check()
        setTimeout(() => this.#signal("SIGKILL"), DEADLINE).unref()
    }

    /** Makes all load their certificates again. */
    reload(): void {
        this.#signal("SIGHUP", this.#serving)
    }

    async #run(): Promise<boolean> {
        const { count, server } = this.#options
        const { port, sourcePort, host } = server
        // each worker is to listen on the same free port, also one that comes after all others have ended
        const fixed = [
            ...(port === 0 ? ["--port", await freePort(host)] : []),
            ...(sourcePort === 0
                ? ["--source-port", await freePort(host)]
                : []),
        ]
        cluster.setupPrimary({
            args: [...process.argv.slice(2), ...fixed],
            // binary data as it is
            serialization: "advanced",
        })
        const admin = await this.#openAdmin()
        // the first one alone, so that what is wrong with the options is said once
        const serves = await this.#start(1)
        for (let number = 2; serves && number <= count; ++number)
            void this.#start(number)
        await this.#finished
        await admin?.close()
        return serves || this.#stopping
    }

    async #openAdmin(): Promise<AdminListener | undefined> {
        const { server, count } = this.#options
        const { adminHost = DEFAULTS.adminHost, adminPort } = server
        if (adminPort === undefined) return undefined
        const { host = DEFAULTS.host, publicNames = [] } = server
        const hosts = knownHosts(host, adminHost, ...publicNames)
        const admin = new AdminListener(
            clusterStatus(this.#alive, count, request =>
                hostRejection(request, hosts)
            )
        )
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
                else take(this.#broker, message, member)
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

    #announce(addresses: Addresses): void {
        const all = { ...addresses, adminPort: this.#adminPort }
        if (!this.#announced) this.#options.listening(all)
        this.#announced = true
    }

    /** Whether all have ended. */
    #check(): void {
        if (!this.#alive.size) this.#finish()
    }

    #tell(number: number, { process: { pid } }: Worker, what: string): void {
        this.#options.report({ number, pid, what })
    }

    #signal(name: NodeJS.Signals, workers = this.#alive): void {
        for (const worker of workers) worker.process.kill(name)
    }
}

async function freePort(host?: string): Promise<string> {
    const server = createServer()
    const port = await listen(server, host ?? DEFAULTS.host, 0)
    server.close()
    return String(port)
}

/** Takes what a worker's bus says. */
function take(broker: WorkerBroker, message: ToBroker, member: Member): void {
    const { bus, topic } = message
    if (bus === "publish") broker.publish(topic, message.event, member)
    else if (bus === "unsubscribe") broker.unsubscribe(member, topic)
    else if (topic === "plot") broker.join(member)
    else broker.subscribe(member, topic)
}

function memberOf(worker: Worker): Member {
    let untaken = 0
    let bytes = 0
    const send = (message: FromBroker, size = 0) => {
        // a worker that takes nothing any more answers nobody else either
        if (++untaken > MOST_UNTAKEN) worker.process.kill("SIGKILL")
        bytes += size
        worker.send(message, undefined, undefined, () => {
            untaken--
            bytes -= size
        })
    }
    return {
        receive(event, topic) {
            const size = bytesOf(event)
            // the numbers of a room's messages tell what is missing
            const waits = untaken > MOST_WAITING || bytes + size > MOST_BYTES
            if (topic === "plot" || !waits)
                send({ bus: "event", topic, event }, size)
        },
        joined: () => send({ bus: "subscribed" }),
    }
}
