/** The programs of `examples/` compile, and those without a chip run against a server; the rooms' have a test of their own. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { readFileSync, readdirSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { test, type TestContext } from "node:test"
import { WebSocketServer } from "ws"
import { startServer } from "../../server/server.ts"
import { Board } from "../../sim/board.ts"
import { compile } from "../../sim/program.ts"
import { clock } from "../../sim/vm.ts"

const EXAMPLES = readdirSync("examples").filter(
    name => name.endsWith(".ts") && name !== "echo.ts"
)

for (const name of EXAMPLES)
    test(`examples/${name} compiles`, () => {
        assert.ok(compile(`examples/${name}`).bytecode.length > 0)
    })

async function run(t: TestContext, name: string, url: string) {
    const board = await Board.start(`examples/${name}.ts`, {
        settings: { URL: url },
    })
    t.after(() => board.stop())
    return board
}

async function reversing(t: TestContext): Promise<string> {
    const server = await startServer({ port: 0 })
    t.after(() => server.close())
    return server.url
}

test("the sensor reports JSON, again after the server has gone and come back", async t => {
    const first = await startServer({ port: 0, mode: "echo" })
    const board = await run(t, "sensor", first.url)
    // a program that ends is started again, and would report from 1 again
    const panics: string[] = []
    board.on("panic", ({ name }) => panics.push(name))
    await board.expect('{"n":1,"temperature":21}')
    const { port } = first
    await first.close()
    const second = await startServer({ port, mode: "echo" })
    t.after(() => second.close())
    await board.expect('{"n":4,"temperature":24}', 30_000)
    assert.deepEqual(panics, [])
})

test("the sensor outlives a server that is away for longer than its readings could wait", async t => {
    clock.pace = 50
    t.after(() => (clock.pace = 1))
    let attempts = 0
    const server = createServer(socket => {
        attempts++
        socket.on("error", () => {})
        socket.destroy()
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const board = await run(t, "sensor", `ws://127.0.0.1:${port}`)
    let ended = ""
    board.on("panic", ({ name }) => (ended = name))
    // the pauses grow to 60 s, and 16 readings wait: one a second
    while (attempts < 9 && !ended)
        await once(server, "connection", {
            signal: AbortSignal.timeout(20_000),
        })
    assert.equal(ended, "")
})

test("request gets its answers from the server that docs/own-program.md shows", async t => {
    const text = readFileSync("docs/own-program.md", "utf8")
    const [, code] = /^```js\n(.*?)^```$/ms.exec(text)!
    const body = code.replace(/^import .*$/m, "").replace("8080", "0")
    const serve = new Function("WebSocketServer", `${body}; return server`)
    const server = serve(WebSocketServer) as WebSocketServer
    t.after(() => server.close())
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const board = await run(t, "request", `ws://127.0.0.1:${port}`)
    await board.expect("3 + 1 = 4")
    await board.expect("closed")
})

test("what sends only goes on sending", async t => {
    const got: string[] = []
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
    t.after(() => server.close())
    await once(server, "listening")
    const third = new Promise<void>(resolve =>
        server.on("connection", socket =>
            socket.on("message", data => {
                got.push(String(data))
                if (got.length === 3) {
                    socket.close(1001)
                    resolve()
                }
            })
        )
    )
    const { port } = server.address() as AddressInfo
    const board = await run(t, "send-only", `ws://127.0.0.1:${port}`)
    await third
    assert.deepEqual(new Set(got), new Set(["still here"]))
    await board.expect("closed with 1001")
})

test("the plot's example draws", async t => {
    const board = await run(t, "plot", await reversing(t))
    await board.expect("10 points each")
})
