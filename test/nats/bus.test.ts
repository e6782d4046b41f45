/** The bus by itself, over a real NATS server. */
import assert from "node:assert/strict"
import { EventEmitter } from "node:events"
import { connect as connectTcp, createServer, type AddressInfo } from "node:net"
import { test, type TestContext } from "node:test"
import { setImmediate } from "node:timers/promises"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import type { HubEvent, PointsEvent } from "../../server/bus/bus.ts"
import {
    NatsBus,
    POINTS,
    STREAM,
    type NatsOptions,
} from "../../server/bus/nats-bus.ts"
import { startNats } from "./nats.ts"
import { once } from "../wire/wait.ts"

/** A bus with what came over it. */
class Peer extends EventEmitter {
    readonly seen: HubEvent[] = []
    readonly bus: NatsBus
    readonly reports: string[] = []
    readonly started: Promise<void>

    constructor(t: TestContext, options: NatsOptions) {
        super()
        this.bus = new NatsBus({
            ...options,
            report: text => {
                this.reports.push(text)
                this.emit("news")
            },
        })
        this.started = this.bus.subscribe("plot", event => {
            this.seen.push(event)
            this.emit("news")
        })
        t.after(() => this.bus.close())
    }

    async until(done: () => boolean): Promise<void> {
        while (!done()) await once(this, "news")
    }

    /** The x of all points that came. */
    get xs(): number[] {
        return this.seen
            .filter(event => event.kind === "points")
            .flatMap(({ batch }) => batch.map(({ points }) => points[0]))
    }
}

async function start(t: TestContext, options: NatsOptions): Promise<Peer> {
    const peer = new Peer(t, options)
    await peer.started
    return peer
}

function points(server: string, x: number): PointsEvent {
    return {
        kind: "points",
        server,
        batch: [{ source: "s", series: "", points: [x, 0] }],
    }
}

const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => from + i)

test("points reach every bus in order, and one that comes later as history", async t => {
    const { url } = await startNats(t)
    const [a, b] = [await start(t, { url }), await start(t, { url })]
    for (const x of numbers(0, 100)) a.bus.publish("plot", points("a", x))
    await b.until(() => b.xs.length === 100)
    const c = await start(t, { url })
    for (const { xs } of [a, b, c]) assert.deepEqual(xs, numbers(0, 100))
})

test("a stream whose points have all been forgotten keeps nobody waiting", async t => {
    const { url } = await startNats(t)
    const a = await start(t, { url })
    a.bus.publish("plot", points("a", 1))
    await a.bus.close()
    const nats = await connect({ servers: url })
    t.after(() => nats.close())
    const { streams } = await jetstreamManager(nats)
    await streams.purge(STREAM)
    // without NATS a server waits as long as any does
    const alone = new Peer(t, { url: "nats://127.0.0.1:1" })
    const b = new Peer(t, { url })
    const first = await Promise.race([
        alone.started.then(() => "alone"),
        b.started.then(() => "with the stream"),
    ])
    assert.equal(first, "with the stream")
})

test("what is connected is told to those who are there, and is no history", async t => {
    const { url } = await startNats(t)
    const [a, b] = [await start(t, { url }), await start(t, { url })]
    const state = { sources: ["s"], devices: [], more: 0 }
    a.bus.publish("plot", { kind: "state", server: "a", ...state })
    await b.until(() => b.seen.length === 1)
    a.bus.publish("plot", points("a", 1))
    await a.bus.close()
    await b.until(() => b.seen.length === 2)
    const c = await start(t, { url })
    assert.deepEqual(c.seen, [points("a", 1)])
})

test("while NATS is away points wait, the own ones are shown, and nothing is lost or twice", async t => {
    const nats = await startNats(t)
    const [a, b] = [
        await start(t, { url: nats.url }),
        await start(t, { url: nats.url }),
    ]
    a.bus.publish("plot", points("a", 0))
    await b.until(() => b.xs.length === 1)
    await nats.kill()
    await a.until(() => !a.bus.status.connected)
    for (const x of numbers(1, 50)) a.bus.publish("plot", points("a", x))
    assert.deepEqual(a.xs, numbers(0, 50))
    assert.equal(a.bus.status.waiting, 49)
    await nats.restart()
    await b.until(() => b.xs.length === 50)
    assert.deepEqual(b.xs, numbers(0, 50))
    assert.deepEqual(a.xs, numbers(0, 50))
    await a.until(() => a.bus.status.connected)
    assert.equal(a.bus.status.dropped, 0)
    assert.match(a.reports[0], /^bus: connected to 127\.0\.0\.1:\d+/)
    assert.match(a.reports[1], /^bus: /)
})

test("NATS dies again and again while points are published: each arrives once and in order", async t => {
    const nats = await startNats(t)
    const [a, b] = [
        await start(t, { url: nats.url }),
        await start(t, { url: nats.url }),
    ]
    let next = 0
    const publish = (count: number) => {
        for (const x of numbers(next, next + count))
            a.bus.publish("plot", points("a", x))
        next += count
    }
    for (let i = 0; i < 3; ++i) {
        publish(500)
        await b.until(() => b.xs.length > next - 400)
        await nats.kill()
        publish(100)
        await nats.restart()
    }
    await b.until(() => b.xs.length >= next)
    assert.deepEqual(b.xs, numbers(0, next))
})

/** A way to NATS on which the first `acks` acknowledgements are lost together with the connection. */
async function lossy(t: TestContext, url: string, acks: number) {
    const { port } = new URL(url)
    const server = createServer(client => {
        const nats = connectTcp(Number(port), "127.0.0.1")
        let published = false
        client.on("data", data => {
            published ||= data.includes(`HPUB ${POINTS}`)
            nats.write(data)
        })
        nats.on("data", data => {
            if (published && acks > 0 && data.includes('"seq"')) {
                acks--
                client.destroy()
                nats.destroy()
            } else client.write(data)
        })
        for (const socket of [client, nats])
            socket
                .on("error", () => {})
                .on("close", () => {
                    client.destroy()
                    nats.destroy()
                })
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    t.after(() => server.close())
    return {
        url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
        left: () => acks,
    }
}

test("what was taken but whose acknowledgement was lost is said again, and taken once", async t => {
    const { url } = await startNats(t)
    const way = await lossy(t, url, 2)
    const a = await start(t, { url: way.url })
    const b = await start(t, { url })
    for (const x of numbers(0, 10)) a.bus.publish("plot", points("a", x))
    await b.until(() => b.xs.includes(9))
    assert.equal(way.left(), 0)
    assert.deepEqual(b.xs, numbers(0, 10))
})

test("a stream in memory is gone with its NATS server, and the bus goes on with a new one", async t => {
    const nats = await startNats(t)
    const options: NatsOptions = { url: nats.url, storage: "memory" }
    const [a, b] = [await start(t, options), await start(t, options)]
    for (const x of numbers(0, 10)) a.bus.publish("plot", points("a", x))
    await b.until(() => b.xs.length === 10)
    // what has no acknowledgement yet is said to the new one, too
    while (a.bus.status.waiting) await setImmediate()
    await nats.kill()
    await nats.restart()
    a.bus.publish("plot", points("a", 10))
    await b.until(() => b.xs.length === 11)
    const c = await start(t, options)
    assert.deepEqual(c.xs, [10])
})

test("the stream forgets the oldest points when it is full", async t => {
    const { url } = await startNats(t)
    const a = await start(t, { url, maxBytes: 20_000 })
    for (const x of numbers(0, 500)) a.bus.publish("plot", points("a", x))
    await a.bus.close()
    const { xs } = await start(t, { url })
    assert.ok(xs.length > 20 && xs.length < 200, `${xs.length} are left`)
    assert.deepEqual(xs, numbers(500 - xs.length, 500))
})

test("a stream that is there is taken with its own limits", async t => {
    const { url } = await startNats(t)
    const nats = await connect({ servers: new URL(url).host })
    t.after(() => nats.close())
    const { streams } = await jetstreamManager(nats)
    await streams.add({ name: STREAM, subjects: [POINTS], max_msgs: 3 })
    const a = await start(t, { url })
    for (const x of numbers(0, 10)) a.bus.publish("plot", points("a", x))
    await a.bus.close()
    assert.deepEqual((await start(t, { url })).xs, [7, 8, 9])
})

test("what others publish that is no event is reported and left out", async t => {
    const { url } = await startNats(t)
    const [a, b] = [await start(t, { url }), await start(t, { url })]
    const nats = await connect({ servers: new URL(url).host })
    t.after(() => nats.close())
    for (const text of ["", "{", "null", '{"kind":"points","server":"x"}'])
        nats.publish(POINTS, text)
    await nats.flush()
    a.bus.publish("plot", points("a", 1))
    await b.until(() => b.xs.length === 1)
    assert.equal(b.seen.length, 1)
    assert.ok(b.reports.some(text => text.includes("not an event")))
})

test("without NATS the server starts, says so, and joins later", async t => {
    const nats = await startNats(t)
    await nats.kill()
    const a = await start(t, { url: nats.url })
    assert.equal(a.bus.status.connected, false)
    assert.match(a.reports[0], /^bus: .*refused/i)
    a.bus.publish("plot", points("a", 1))
    await nats.restart()
    await a.until(() => a.bus.status.connected)
    const b = await start(t, { url: nats.url })
    await b.until(() => b.xs.length === 1)
})

test("a NATS server without JetStream is reported", async t => {
    const { url } = await startNats(t, [])
    const a = new Peer(t, { url })
    await a.until(() => a.reports.length > 0)
    assert.match(a.reports[0], /JetStream/i)
})

test("an event that NATS does not take is dropped and reported, and the next ones arrive", async t => {
    const { url } = await startNats(t)
    const a = await start(t, { url, storage: "memory" })
    const b = await start(t, { url, storage: "memory" })
    await a.until(() => a.bus.status.connected)
    await b.until(() => b.bus.status.connected)
    const name = "x".repeat(2 * 1024 * 1024)
    a.bus.publish("plot", {
        ...{ kind: "state", server: "a", sources: [name] },
        ...{ devices: [], more: 0 },
    })
    a.bus.publish("plot", {
        ...points("a", 0),
        batch: [{ source: name, series: "", points: [0, 0] }],
    })
    a.bus.publish("plot", points("a", 1))
    await b.until(() => b.xs.includes(1))
    assert.deepEqual(b.xs, [1])
    assert.equal(a.bus.status.dropped, 2)
    assert.ok(a.bus.status.connected)
    assert.ok(a.reports.some(text => text.includes("max_payload")))
})

test("an event that the stream refuses for ever is given up, and the next ones arrive", async t => {
    const { url } = await startNats(t)
    const nats = await connect({ servers: url })
    t.after(() => nats.close())
    const { streams } = await jetstreamManager(nats)
    await streams.add({ name: STREAM, subjects: [POINTS], max_msg_size: 500 })
    const a = await start(t, { url, storage: "memory" })
    await a.until(() => a.bus.status.connected)
    const batch = [{ source: "x".repeat(1000), series: "", points: [0, 0] }]
    a.bus.publish("plot", { ...points("a", 0), batch })
    a.bus.publish("plot", points("a", 1))
    await a.until(() => a.bus.status.waiting === 2 && !a.bus.status.connected)
    while (a.bus.status.waiting > 0)
        await new Promise(resolve => setTimeout(resolve, 100))
    assert.equal(a.bus.status.dropped, 1)
    assert.ok(a.bus.status.connected)
})
