/** Three servers on one bus, each a process of its own. */
import assert from "node:assert/strict"
import { connect as connectTcp } from "node:net"
import { test, type TestContext } from "node:test"
import { DeliverPolicy, jetstream } from "@nats-io/jetstream"
import { connect as connectNats } from "@nats-io/transport-node"
import type { BusStatus } from "../../server/bus/bus.ts"
import { STREAM } from "../../server/bus/nats-bus.ts"
import { parseEvent } from "../../server/bus/parse-event.ts"
import { Page } from "../plot/page.ts"
import { connect, runServer, type Program } from "../server/peers.ts"
import { startNats } from "./nats.ts"
import { once } from "../wire/wait.ts"

interface Listening {
    port: number
    sourcePort: number
    adminPort: number
    url: string
}

/** Starts a server on a bus. @returns it with where it listens */
async function serve(
    t: TestContext,
    bus: string,
    mode = "plotter"
): Promise<Program & Listening> {
    const program = runServer(
        t,
        ...[mode, "--bus", bus, "--port", "0", "--admin-port", "0", "--json"],
        ...(mode === "plotter" ? ["--source-port", "0"] : [])
    )
    return { ...program, ...(JSON.parse(await program.line()) as Listening) }
}

function open(t: TestContext, server: Listening): Page {
    const page = new Page(server)
    page.ws.on("error", () => {})
    t.after(() => page.ws.terminate())
    return page
}

/** A source with 5,000 points a second: `0 0`, `1 1`, `2 2`, … */
async function load(t: TestContext, port: number, name: string) {
    const socket = connectTcp(port, "127.0.0.1")
    t.after(() => socket.destroy())
    await once(socket, "connect")
    socket.on("error", () => {})
    socket.write(name + "\n")
    let next = 0
    const timer = setInterval(() => {
        const xs = Array.from({ length: 100 }, () => next++)
        socket.write(xs.map(x => `${x} ${x}\n`).join(""))
    }, 20)
    socket.once("close", () => clearInterval(timer))
}

/** The x of every point of a source that the stream has taken. */
async function taken(url: string, source: string): Promise<number[]> {
    const nats = await connectNats({ servers: new URL(url).host })
    const consumer = await jetstream(nats).consumers.get(STREAM, {
        deliver_policy: DeliverPolicy.All,
    })
    const xs: number[] = []
    for await (const message of await consumer.consume()) {
        const event = parseEvent(message.string())
        for (const one of event?.kind === "points" ? event.batch : [])
            if (one.source === source)
                xs.push(...one.points.filter((_, i) => i % 2 === 0))
        if (message.info.pending === 0) break
    }
    await nats.close()
    return xs
}

test("a page on one server shows the boards on all, and those of a server that is killed go", async t => {
    const nats = await startNats(t)
    const servers = await Promise.all(
        [1, 2, 3].map(() => serve(t, nats.url, "reverse"))
    )
    for (const [i, { url }] of servers.entries()) {
        const headers = { "Device-Name": `board ${i}` }
        const board = await connect(t, url, { headers })
        assert.equal(await board.askText("abc"), "cba")
    }
    const pages = servers.map(server => open(t, server))
    const shows = (page: Page, names: string) =>
        page.until(
            () =>
                page.table?.devices
                    .map(({ name }) => name)
                    .sort()
                    .join() === names
        )
    for (const page of pages) await shows(page, "board 0,board 1,board 2")
    servers[0].process.kill("SIGKILL")
    for (const page of pages.slice(1)) await shows(page, "board 1,board 2")
})

test("one of three servers is killed under load: all that the bus had taken is on the others' pages, and on one that starts later", async t => {
    const nats = await startNats(t)
    const [first, ...others] = await Promise.all(
        [1, 2, 3].map(() => serve(t, nats.url))
    )
    const pages = others.map(server => open(t, server))
    await load(t, first.sourcePort, "load")
    const xs = (page: Page) =>
        (page.points.get("load/") ?? []).filter((_, i) => i % 2 === 0)
    for (const page of pages) await page.until(() => xs(page).length > 5000)
    first.process.kill("SIGKILL")
    await first.ended
    const all = await taken(nats.url, "load")
    assert.ok(all.length > 5000)
    assert.deepEqual(
        all,
        all.map((_, i) => i)
    )
    for (const page of pages) {
        await page.until(() => xs(page).length >= all.length)
        assert.deepEqual(xs(page), all)
    }
    const late = open(t, await serve(t, nats.url))
    // the history of a series is bounded; its newest points are there
    await late.until(() => late.points.get("load/")?.at(-1) === all.length - 1)
    const history = late.points.get("load/")!
    assert.equal(history.length, 2 * Math.min(all.length, 10_000))
})

test("while NATS is away servers go on, say so, and share again when it is back", async t => {
    const nats = await startNats(t)
    const [first, second] = await Promise.all([
        serve(t, nats.url, "reverse"),
        serve(t, nats.url, "reverse"),
    ])
    const options = { protocols: ["teleplot"], headers: { "Device-Name": "b" } }
    const board = await connect(t, first.url, options)
    const [near, far] = [open(t, first), open(t, second)]
    const last = (page: Page) => page.points.get("b/t")?.at(-1)
    board.ws.send(">t:1:1")
    for (const page of [near, far]) await page.until(() => last(page) === 1)
    await nats.kill()
    const bus = async () => {
        const { adminPort } = first
        const health = await fetch(`http://127.0.0.1:${adminPort}/health`)
        assert.equal(health.status, 200)
        return ((await health.json()) as { bus: BusStatus }).bus
    }
    while ((await bus()).connected);
    board.ws.send(">t:2:2")
    await near.until(() => last(near) === 2)
    assert.equal(await board.askText("abc"), "cba")
    assert.ok((await bus()).waiting > 0)
    await nats.restart()
    await far.until(() => last(far) === 2)
    assert.deepEqual(far.points.get("b/t"), [1, 1, 2, 2])
    while (!(await bus()).connected || (await bus()).waiting);
    assert.equal((await bus()).dropped, 0)
    const [away, back] = [/bus: /, /bus: connected to/]
    first.process.kill("SIGINT")
    const { code, errors } = await first.ended
    assert.equal(code, 0)
    const said = errors.trim().split("\n")
    assert.match(said[0], back)
    assert.match(said[1], away)
    assert.match(said.at(-1)!, back)
})
