/** What becomes of the log when standard output does not take it. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { test, type TestContext } from "node:test"
import { connect } from "./peers.ts"
import { once } from "../wire/wait.ts"

/** Megabytes that a process has in memory. */
function memoryOf(pid: number): number {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** Starts the server. @param output a descriptor, or a pipe to this process */
function start(t: TestContext, output: "pipe" | number, ...args: string[]) {
    const child = spawn(
        process.execPath,
        ["--import", "tsx", "server/main.ts", ...args],
        { stdio: ["ignore", output, "pipe"] }
    )
    t.after(() => child.kill("SIGKILL"))
    return child
}

test(
    "a log that nobody reads is bounded, and what was left out is counted",
    { skip: !existsSync("/proc/self/status"), timeout: 120_000 },
    async t => {
        const child = start(t, "pipe", "echo", "--port", "0", "--log", "debug")
        const stdout = child.stdout!
        let printed = ""
        while (!printed.includes("\n"))
            printed += (await once(stdout, "data"))[0]
        stdout.pause()
        const [, url] = /^listening on (.*)$/m.exec(printed)!
        const { ws } = await connect(t, url)
        const before = memoryOf(child.pid!)
        const text = "x".repeat(200)
        // some 20 MB of log
        for (let round = 0; round < 30; round++) {
            for (let count = 0; count < 2000; count++) ws.send(text)
            ws.ping()
            await once(ws, "pong")
        }
        const grown = memoryOf(child.pid!) - before
        assert.ok(grown < 60, `${grown} MB more`)
        let left = 0
        let logged = 0
        for await (const line of createInterface(stdout)) {
            const [, count] = / left out (\d+) lines/.exec(line) ?? []
            if (/ (message|reply) /.test(line)) logged++
            left += Number(count ?? 0)
            if (logged + left >= 120_000) break
        }
        assert.equal(logged + left, 120_000)
        assert.ok(left > 60_000, `${left} lines were left out`)
    }
)

test(
    "a full disk costs the log, not the server",
    { skip: !existsSync("/dev/full") },
    async t => {
        // nobody learns of a port that is free by chance
        const port = 20_000 + (process.pid % 20_000)
        const full = openSync("/dev/full", "w")
        const child = start(t, full, "--port", String(port))
        closeSync(full)
        const [complaint] = await once(child.stderr!, "data")
        assert.match(String(complaint), /cannot write .*: ENOSPC/)
        const client = await connect(t, `ws://127.0.0.1:${port}/ws`)
        assert.equal(await client.askText("ab"), "ba")
        child.kill("SIGTERM")
        assert.equal((await client.closed).code, 1001)
        const [code] = await once(child, "exit")
        assert.equal(code, 0)
    }
)
