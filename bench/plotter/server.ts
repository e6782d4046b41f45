import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { cpuOf, residentOf } from "../server/process.ts"

const MAIN = fileURLToPath(new URL("../../server/main.ts", import.meta.url))

/** A plotter in a process of its own. */
export interface Plotter {
    /** Where its pages connect */
    page: URL
    sourcePort: number
    /** CPU time so far in milliseconds, resident memory in megabytes */
    usage(): { cpu: number; memory: number }
    stop(): Promise<void>
}

/** Starts the plotter as a user does. */
export async function startPlotter(): Promise<Plotter> {
    const args = ["plotter", "--port", "0", "--source-port", "0", "--json"]
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], {
        stdio: ["ignore", "pipe", "inherit"],
    })
    const lines = createInterface(child.stdout)
    const [line] = (await once(lines, "line")) as [string]
    const { url, sourcePort } = JSON.parse(line) as {
        url: string
        sourcePort: number
    }
    return {
        page: new URL(url),
        sourcePort,
        usage: () => ({
            cpu: cpuOf([child.pid!]) / 1000,
            memory: residentOf([child.pid!]) / 1e6,
        }),
        stop: async () => {
            child.kill("SIGINT")
            await once(child, "close")
        },
    }
}
