import { setTimeout as sleep } from "node:timers/promises"
import type { Load } from "./load.ts"
import { answer, startPinned } from "./pinned.ts"
import { cpuOf } from "./process.ts"
import type { Server } from "./servers.ts"
import type { Counted } from "./tally.ts"

/** Milliseconds for the server to get into its stride before anything is counted. */
const WARM_UP = 500

/** One round of load on one server. */
export interface Round {
    messages: number
    /** Messages a second */
    rate: number
    /** Microseconds of CPU a message: of the server, and of the load generators */
    cpu: number
    generator: number
    /** Milliseconds that 99 of 100 round trips did not exceed */
    p99: number
}

/** How a load is laid on. */
export interface Laying {
    load: Omit<Load, "port" | "path">
    /** Milliseconds that are counted */
    time: number
    /** A load generator for each of these processors */
    cores: string[]
    /** Default: what sends and awaits replies. `members.ts`: the members of a room; its messages are deliveries */
    program?: "load.ts" | "members.ts"
}

/** Puts a load on a server for a while. */
export async function round(server: Server, laying: Laying): Promise<Round> {
    const { port, pathname } = server.url
    const load: Load = {
        ...laying.load,
        port: Number(port),
        path: pathname,
    }
    const generators = laying.cores.map(core =>
        startPinned(laying.program ?? "load.ts", load, core)
    )
    const pids = generators.map(({ pid }) => pid!)
    try {
        await Promise.all(generators.map(answer))
        await sleep(WARM_UP)
        const before = [cpuOf(server.pids), cpuOf(pids)]
        for (const child of generators) child.send("begin")
        await sleep(laying.time)
        const [cpu, generator] = [cpuOf(server.pids), cpuOf(pids)].map(
            (after, i) => after - before[i]
        )
        for (const child of generators) child.send("end")
        const counted = (await Promise.all(generators.map(answer))) as Counted[]
        const messages = sum(counted.map(({ messages }) => messages))
        return {
            messages,
            rate: sum(counted.map(c => c.messages / c.seconds)),
            cpu: cpu / messages,
            generator: generator / messages,
            p99: Math.max(...counted.map(({ p99 }) => p99)),
        }
    } finally {
        for (const child of generators) child.kill()
    }
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
