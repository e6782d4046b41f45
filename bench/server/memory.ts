import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import type { Idle } from "./idle.ts"
import { answer, startPinned } from "./pinned.ts"
import { residentOf } from "./process.ts"
import { startServer, type Candidate } from "./servers.ts"
import type { Sleeper } from "./sleeper.ts"

/** Descriptors that a process needs besides its connections. */
const SPARE = 200

/** Milliseconds in which the server's garbage is collected, or not. */
const SETTLE = 2000

/** Connections before those that are measured: what the server itself takes to work is not theirs. */
const FIRST = 500

/** How many connections this machine lets a process have, at most `wanted`. */
export function possible(wanted: number): number {
    const limits = readFileSync("/proc/self/limits", "utf-8")
    const [, hard] = /^Max open files +\S+ +(\d+)/m.exec(limits) ?? []
    return hard ? Math.min(wanted, Number(hard) - SPARE) : wanted
}

/** Connections that come and go. */
async function visit(idle: Idle): Promise<void> {
    const clients = startPinned("idle.ts", idle, "1")
    await answer(clients)
    clients.kill()
    await sleep(SETTLE)
}

/**
 * @param compress whether each has exchanged compressed messages before
 * @returns bytes resident that a server has more with each idle connection
 */
export async function perConnection(
    candidate: Candidate,
    connections: number,
    compress = false
): Promise<number> {
    const server = await startServer(candidate, "0")
    const { port, pathname: path } = server.url
    const idle: Idle = { port: Number(port), path, connections, compress }
    await visit({ ...idle, connections: FIRST })
    const before = residentOf(server.pids)
    const clients = startPinned("idle.ts", idle, "1")
    try {
        await answer(clients)
        await sleep(SETTLE)
        return (residentOf(server.pids) - before) / connections
    } finally {
        clients.kill()
        await server.stop()
    }
}

/** @returns bytes resident that a server has more when `megabytes` were sent to a room of which one member does not read */
export async function behindSleeper(
    candidate: Candidate,
    megabytes: number
): Promise<number> {
    const server = await startServer(candidate, "0")
    const { port, pathname: path } = server.url
    const before = residentOf(server.pids)
    const messages = megabytes * 64
    const sleeper: Sleeper = { port: Number(port), path, messages, size: 16384 }
    const members = startPinned("sleeper.ts", sleeper, "1")
    try {
        await answer(members)
        await sleep(SETTLE)
        return residentOf(server.pids) - before
    } finally {
        members.kill()
        await server.stop()
    }
}
