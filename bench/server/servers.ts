import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { family } from "./process.ts"

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const NODE = [process.execPath, "--import", "tsx"]

/** Debian's Python, for which it packages Tornado. */
const PYTHON = "/usr/bin/python3"

/** A server to measure. */
export interface Candidate {
    name: string
    command: string[]
    /** The room below the path that it announces */
    room?: string
}

export const BARE: Candidate = {
    name: "bare ws",
    command: [...NODE, path("bare.ts")],
}

/** With permessage-deflate as `ws` has it by itself. */
export const BARE_COMPRESSING: Candidate = {
    name: "bare ws, compressing",
    command: [...BARE.command, "--compress"],
}

export const TORNADO: Candidate = {
    name: "Tornado",
    command: [PYTHON, path("../../test/tornado/reverse.py"), "0", "--quiet"],
}

export const BARE_ROOM: Candidate = {
    name: "bare ws",
    command: [...NODE, path("broadcast.ts")],
}

/** The server of this repository. @param args its mode, and further arguments */
export function ours(name: string, ...args: string[]): Candidate {
    const serve = path("../../server/main.ts")
    return { name, command: [...NODE, serve, ...args, "--port", "0"] }
}

/** A server that listens, in a process of its own. */
export interface Server {
    name: string
    url: URL
    /** Its processes at the moment */
    readonly pids: number[]
    stop(): Promise<void>
}

/** Whether Debian's Tornado is installed. */
export async function hasTornado(): Promise<boolean> {
    if (!existsSync(PYTHON)) return false
    const child = spawn(PYTHON, ["-c", "import tornado"], { stdio: "ignore" })
    const [code] = await once(child, "close")
    return code === 0
}

/**
 * Starts a server on some processors (`0`, `0,1`), and resolves when it listens. What it prints after that goes nowhere.
 * @throws Error with what it printed, when it ends instead
 */
export async function startServer(
    { name, command, room = "" }: Candidate,
    cores: string
): Promise<Server> {
    const child = spawn("taskset", ["-c", cores, ...command], {
        stdio: ["ignore", "pipe", "pipe"],
    })
    const url = await announced(name, child)
    return {
        name,
        url: new URL(room, url),
        get pids() {
            return family(child.pid!)
        },
        stop: async () => {
            child.kill("SIGINT")
            await once(child, "close")
        },
    }
}

async function announced(name: string, child: ChildProcess): Promise<URL> {
    let errors = ""
    child.stderr!.on("data", chunk => (errors += chunk))
    const lines = createInterface(child.stdout!)
    const url = await new Promise<string>((resolve, reject) => {
        lines.on("line", line => {
            const found = /^listening on (ws:\S+)/.exec(line)
            if (found) resolve(found[1])
        })
        child.once("close", () =>
            reject(new Error(`${name} did not start: ${errors.trim()}`))
        )
    })
    lines.close()
    child.stdout!.resume()
    return new URL(url)
}
