/** `npm run echo`, as another conformance suite drives it. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import type { AddressInfo } from "node:net"
import { test, type TestContext } from "node:test"
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws"
import { once } from "../wire/wait.ts"

/** Runs the command until it has read all lines. @returns its objects on standard output */
async function echo(lines: string[], ...flags: string[]) {
    const child = spawn(
        process.execPath,
        ["--import", "tsx", "tools/commands/echo.ts", ...flags],
        { stdio: ["pipe", "pipe", "inherit"] }
    )
    child.stdin.end(lines.join("\n"))
    let output = ""
    child.stdout.on("data", text => (output += text))
    const [code] = await once(child, "close")
    assert.equal(code, 0)
    const results = output.trim().split("\n")
    return results.map(line => JSON.parse(line) as Record<string, unknown>)
}

async function serve(
    t: TestContext,
    serving: (socket: WebSocket) => void,
    options: ServerOptions = {}
) {
    const server = new WebSocketServer({
        host: "127.0.0.1",
        port: 0,
        ...options,
    })
    await once(server, "listening")
    server.on("connection", serving)
    t.after(() => {
        for (const socket of server.clients) socket.terminate()
        server.close()
    })
    const { port } = server.address() as AddressInfo
    return `ws://127.0.0.1:${port}/case?n=`
}

test("each URL is one connection, and one line of JSON", async t => {
    const url = await serve(t, socket => {
        socket.send("text")
        socket.send(Buffer.alloc(100_000))
        socket.on("message", (_, isBinary) => {
            if (isBinary) socket.close(3001, "schön")
        })
    })
    const results = await echo([`${url}1`, "", `${url}2`])
    for (const [i, { ms, ...result }] of results.entries()) {
        assert.equal(typeof ms, "number")
        assert.deepEqual(result, {
            url: `${url}${i + 1}`,
            messages: 2,
            bytes: 100_004,
            code: 3001,
            reason: "schön",
            wasClean: true,
            error: null,
        })
    }
    assert.equal(results.length, 2)
})

test("a connection that fails does not keep the next from being made", async t => {
    const url = await serve(t, socket => socket.close())
    const urls = ["ws://127.0.0.1:1/", "no URL", url]
    const results = await echo(urls)
    assert.deepEqual(
        results.map(({ code }) => code),
        [1006, 1006, 1005]
    )
    const errors = results.map(({ error }) => String(error).split(":")[0])
    assert.deepEqual(errors, ["StreamError", "TypeError", "null"])
})

test("a program that dies is reported, and starts again for the next URL", async t => {
    let dies = true
    const url = await serve(t, socket => {
        // more than the stock simulator's network can hand over
        if (dies) socket.send(Buffer.alloc(1_000_000))
        else socket.close()
        dies = false
    })
    const results = await echo([url, url], "--like", "simulator")
    assert.match(String(results[0].error), /^panic: /)
    assert.deepEqual([results[1].code, results[1].error], [1005, null])
})

test("subprotocols are offered, and messages limited", async t => {
    const offered: string[] = []
    const url = await serve(t, socket => socket.send(Buffer.alloc(101)), {
        handleProtocols: protocols => {
            offered.push(...protocols)
            return "b"
        },
    })
    const flags = ["--subprotocol", "a", "--subprotocol", "b"]
    const [result] = await echo([url], ...flags, "--max-message", "100")
    assert.deepEqual(offered, ["a", "b"])
    assert.equal(result.code, 1009)
})
