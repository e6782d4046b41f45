import { spawn, type ChildProcess } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { TestContext } from "node:test"
import { once } from "../wire/wait.ts"

/** A NATS server with JetStream, on 127.0.0.1. */
export interface Nats {
    url: string
    /** Ends it at once. */
    kill(): Promise<void>
    /** Starts it again, at the same port and with the same files. */
    restart(): Promise<void>
}

/**
 * Starts Debian's `nats-server` on a free port; it ends with the test.
 * @throws Error when it does not start: what is missing and how to install it
 */
export async function startNats(
    t: TestContext,
    features = ["-js"]
): Promise<Nats> {
    const folder = await mkdtemp(join(tmpdir(), "nats-"))
    const options = [...features, "-sd", folder]
    let { child, port } = await start(options, "-1")
    const kill = async () => {
        if (child.exitCode !== null || child.signalCode) return
        child.kill("SIGKILL")
        await once(child, "exit")
    }
    t.after(async () => {
        await kill()
        await rm(folder, { recursive: true })
    })
    return {
        url: `nats://127.0.0.1:${port}`,
        kill,
        async restart() {
            ;({ child, port } = await start(options, port))
        },
    }
}

async function start(
    options: string[],
    port: string
): Promise<{ child: ChildProcess; port: string }> {
    const address = ["--addr", "127.0.0.1", "--port", port]
    const child = spawn("nats-server", [...options, ...address], {
        stdio: ["ignore", "ignore", "pipe"],
    })
    const failed = once(child, "error").then(([error]) => {
        throw new Error(
            `${(error as Error).message}; to install it: apt-get install -y nats-server`
        )
    })
    const lines = createInterface(child.stderr)
    let all = ""
    const listening = new Promise<string>((resolve, reject) => {
        lines.on("line", line => {
            all += line + "\n"
            const [, port] = /client connections on .*:(\d+)$/.exec(line) ?? []
            if (port) resolve(port)
        })
        lines.once("close", () => reject(new Error(`it has ended:\n${all}`)))
    })
    return { child, port: await Promise.race([listening, failed]) }
}
