import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { once } from "../wire/wait.ts"

/** Debian's Python, for which it packages Tornado. */
const PYTHON = "/usr/bin/python3"

const SCRIPT = fileURLToPath(new URL("reverse.py", import.meta.url))

/** The running program. */
export interface Tornado {
    url: string
    port: number
    /** What it has printed of connections and messages so far */
    lines: string[]
    /** Ends it; resolves when it is gone. */
    stop: () => Promise<void>
}

/**
 * Starts Tornado's reversed echo server on 127.0.0.1.
 * @param port 0 takes a free one
 * @throws Error when it does not start: which port is taken, or what is missing and how to install it
 */
export async function startTornado(port = 0): Promise<Tornado> {
    if (!existsSync(PYTHON))
        throw new Error(
            `${PYTHON} is missing; to install it with Tornado: apt-get install -y python3-tornado`
        )
    const child = spawn(PYTHON, [SCRIPT, String(port)], {
        stdio: ["ignore", "pipe", "pipe"],
    })
    const kill = () => void child.kill()
    process.once("exit", kill)
    let errors = ""
    child.stderr.on("data", chunk => (errors += chunk))
    const ended = once(child, "close").finally(() => process.off("exit", kill))
    const output = createInterface(child.stdout)
    const [announced] = await Promise.race([
        once(output, "line"),
        ended.then(() => {
            throw new Error(`Tornado did not start: ${errors.trim()}`)
        }),
    ])
    const url = String(announced).replace("listening on ", "")
    const lines: string[] = []
    output.on("line", line => lines.push(line))
    return {
        url,
        port: Number(new URL(url).port),
        lines,
        stop: async () => {
            child.kill("SIGINT")
            await ended
        },
    }
}
