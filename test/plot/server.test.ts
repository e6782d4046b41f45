import assert from "node:assert/strict"
import { connect } from "node:net"
import { test, type TestContext } from "node:test"
import { WebSocket, type ClientOptions } from "ws"
import { Board } from "../../sim/board.ts"
import type { Server } from "../../server/server.ts"
import type { ServerOptions } from "../../server/options.ts"
import { Page } from "./page.ts"
import { serve } from "../server/peers.ts"
import { once } from "../wire/wait.ts"

async function open(
    t: TestContext,
    options: ServerOptions = {},
    path?: string
) {
    const server = await serve(t, { sourcePort: 0, ...options })
    return { server, page: new Page(server, path) }
}

async function device(server: Server, options: ClientOptions = {}) {
    const ws = new WebSocket(server.url, ["teleplot"], options)
    await once(ws, "open")
    return ws
}

async function exchange(ws: WebSocket, text: string): Promise<string> {
    ws.send(text)
    const [data] = await once(ws, "message")
    return String(data)
}

test("a device appears in the table with what it does, and goes when it goes", async t => {
    const { server, page } = await open(t, { ping: 100 })
    const ws = await device(server, { headers: { "Device-Name": "board 7" } })
    assert.equal(await exchange(ws, "abc"), "cba")
    const row = () => page.table?.devices[0]
    await page.until(
        () => row()?.messages === 1 && row()?.roundTrip !== undefined
    )
    assert.equal(row()?.name, "board 7")
    assert.match(row()!.address, /^127\.0\.0\.1:\d+$/)
    assert.equal(row()?.protocol, "RFC 6455, teleplot")
    assert.equal(row()?.wrong, 0)
    await page.until(
        () =>
            page.points.has("board 7/ping§ms") &&
            page.points.has("board 7/messages§1/s")
    )
    const [, before, , after] = page.points.get("board 7/messages§1/s")!
    assert.deepEqual([before, after], [0, 1])
    ws.close()
    await page.until(() => page.table?.devices.length === 0)
    assert.deepEqual(page.table?.sources, [])
})

test("a device without a name goes by its address", async t => {
    const { server, page } = await open(t)
    await device(server)
    await page.until(() => page.table?.devices.length === 1)
    const [{ name, address }] = page.table!.devices
    assert.equal(name, address)
})

test("what failed on a device's connection is counted", async t => {
    const { server, page } = await open(t, { maxMessage: 10 })
    const headers = { "Device-Name": "long" }
    const first = await device(server, { headers })
    first.send("x".repeat(11))
    await once(first, "close")
    await device(server, { headers })
    await page.until(() => page.table?.devices[0]?.wrong === 1)
    await page.until(() => page.points.get("long/failures")?.[1] === 1)
})

test("a device's Teleplot lines are plotted and not answered; everything else is", async t => {
    const { server, page } = await open(t)
    const ws = await device(server, { headers: { "Device-Name": "b" } })
    assert.equal(ws.protocol, "teleplot")
    ws.send(">temperature:1:20.5\n>temperature:2:21\n")
    ws.send(">round trip:7:12\n>wrong:7:3")
    ws.send(Buffer.from(">binary:1:1"))
    const [binary] = await once(ws, "message")
    assert.equal(String(binary), "1:1:yranib>")
    assert.equal(await exchange(ws, ">no telemetry"), "yrtemelet on>")
    await page.until(() => page.points.has("b/wrong"))
    assert.deepEqual(page.points.get("b/temperature"), [1, 20.5, 2, 21])
    await page.until(() => page.table?.devices[0]?.wrong === 3)
    assert.equal(page.table?.devices[0].roundTrip, 12)
})

test("the echo program on a board tells its round trips, and is answered all the same", async t => {
    const { server, page } = await open(t)
    const board = await Board.start("src/main.ts", {
        settings: { URL: server.url, INTERVAL: 10, COUNT: 3, PLOT: true },
    })
    t.after(() => board.stop())
    await board.expect(/^summary sent=3 right=3 wrong=0 lost=0 /)
    const series = (name: string) =>
        [...page.points].find(([key]) => key.endsWith(`/${name}`))?.[1]
    await page.until(() => series("round trip§ms")?.length === 6)
    await page.until(() => series("lost")?.length === 6)
    const zeros = series("wrong")!.filter((_, i) => i % 2)
    assert.deepEqual(zeros, [0, 0, 0])
})

test("without the subprotocol Teleplot lines are answered like any text", async t => {
    const { server } = await open(t)
    const ws = new WebSocket(server.url)
    await once(ws, "open")
    assert.equal(await exchange(ws, ">t:1:2"), "2:1:t>")
})

test("the plotter's sources reach a page that connects to either of its paths", async t => {
    const { server } = await open(t, { mode: "plotter" })
    const source = connect(server.sourcePort!, "127.0.0.1")
    source.write("my data source\n1000 7\n2000 8\n")
    for (const path of ["/", "/plot"]) {
        const page = new Page(server, path)
        await page.until(() => page.points.get("my data source/")?.length === 4)
        await page.until(() => page.table?.sources.length === 1)
    }
    source.destroy()
})

test("the page of another site gets an echo server's plot only if it is let in", async t => {
    const origin = "http://other.example"
    const ask = async (
        options: ServerOptions,
        asking: string,
        path = "/plot"
    ) => {
        const server = await serve(t, { sourcePort: 0, ...options })
        const url = `ws://127.0.0.1:${server.port}${path}`
        const ws = new WebSocket(url, { origin: asking })
        const event = await once(ws, "open").then(
            () => "open",
            (error: Error) => error.message
        )
        ws.terminate()
        return event
    }
    assert.match(await ask({}, origin), /403/)
    assert.match(await ask({}, "null"), /403/)
    assert.equal(await ask({}, "https://127.0.0.1"), "open")
    assert.equal(await ask({ origins: [origin] }, origin), "open")
    assert.equal(await ask({}, origin, "/ws"), "open")
    assert.equal(await ask({ mode: "plotter" }, origin), "open")
})

test("a page that says something is closed with 1008", async t => {
    const { page } = await open(t)
    await once(page.ws, "open")
    page.ws.send("hello")
    const [code] = await once(page.ws, "close")
    assert.equal(code, 1008)
})

test("a page from before RFC 6455 gets batches and asks with an empty frame", async t => {
    const server = await serve(t, { mode: "plotter", sourcePort: 0 })
    const source = connect(server.sourcePort!, "127.0.0.1")
    source.write("a\n1 2\n")
    t.after(() => source.destroy())
    const page = connect(server.port, "127.0.0.1").setEncoding("latin1")
    t.after(() => page.destroy())
    let heard = ""
    page.on("data", text => (heard += String(text)))
    const frame = async (points: string) => {
        while (!heard.includes(points)) await once(page, "data")
        assert.ok(heard.includes("\x00{") && heard.endsWith("}\xff"))
        heard = ""
    }
    // draft-hixie-thewebsocketprotocol-75 section 4: a handshake without keys
    page.write(
        "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n"
    )
    const asking = setInterval(() => page.write("\x00\xff", "latin1"), 20)
    t.after(() => clearInterval(asking))
    await frame('"points":[[0,1,2]]')
    source.write("3 4\n")
    await frame('"points":[[0,3,4]]')
})

test("the log tells of sources that come and go, and of lines that are refused", async t => {
    const server = await serve(t, { mode: "plotter", sourcePort: 0 })
    const source = connect(server.sourcePort!, "127.0.0.1")
    const gone = once(server.events, "gone")
    source.resume().end("a\nnonsense\n")
    await gone
    const told = server.seen.map(({ event, time: _, peer, ...rest }) => {
        assert.match(peer, /^127\.0\.0\.1:\d+$/)
        return { event, ...rest }
    })
    assert.deepEqual(told, [
        { event: "source", name: "a" },
        {
            event: "line",
            reason: 'line 2: expected two numbers as in "1.5 20", got "nonsense"',
        },
        { event: "gone", name: "a" },
    ])
})

test("a page's batches are compressed, and it is shown the same", async t => {
    const { server, page } = await open(t, { compress: true })
    const ws = await device(server)
    const values = Array.from({ length: 200 }, (_, i) => i / 4)
    ws.send(`>a:${values.map(value => `1:${value}`).join(";")}`)
    const name = () => [...page.points.keys()].find(key => key.endsWith("/a"))
    await page.until(() => name() !== undefined)
    assert.equal(page.ws.extensions, "permessage-deflate")
    const metrics = await server.metrics.metrics()
    const [plain, compressed] = ["uncompressed", "compressed"].map(kind => {
        const line = `websocket_${kind}_bytes_total{direction="sent"} (\\d+)`
        return Number(new RegExp(line).exec(metrics)?.[1])
    })
    assert.ok(plain > 1000)
    assert.ok(compressed < plain / 2)
})
