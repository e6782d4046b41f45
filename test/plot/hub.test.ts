import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import {
    BYTES_PER_EVENT,
    LocalBus,
    POINTS_PER_EVENT,
    SERVER_TIMEOUT,
    type Device,
    type HubEvent,
} from "../../server/bus/bus.ts"
import { Publisher, type LookAtDevices } from "../../server/plot/publisher.ts"
import { Hub, type HubLimits } from "../../server/plot/hub.ts"
import { Ring } from "../../server/plot/ring.ts"
import { PageSession, type Batch } from "../../server/plot/session.ts"

/** x = y = 0, 1, 2, … */
const ramp = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => [from + i, from + i]).flat()

function newHub(t: TestContext, limits?: Partial<HubLimits>): Hub {
    const hub = new Hub(limits)
    t.after(() => hub.close())
    return hub
}

function points(source: string, points: number[], series = ""): HubEvent {
    return { kind: "points", server: "s", batch: [{ source, series, points }] }
}

function state(sources: string[], server = "s"): HubEvent {
    return { kind: "state", server, sources, devices: [], more: 0 }
}

/** A page that keeps what it gets, and takes a batch from the network only when told. */
class Page {
    readonly batches: Batch[] = []
    readonly session: PageSession
    #isWriting = false

    constructor(hub: Hub) {
        this.session = new PageSession(hub, text => {
            assert.equal(this.#isWriting, false, "one batch at a time")
            this.batches.push(JSON.parse(text) as Batch)
            this.#isWriting = true
        })
    }

    /** The network has taken what was sent, and the page asks for more. */
    ask(): Batch | undefined {
        const known = this.batches.length
        if (this.#isWriting) {
            this.#isWriting = false
            this.session.written()
        }
        this.session.ask()
        return this.batches.at(known)
    }
}

/** Until what the hub has put off to the end of the turn is done. */
const turn = () => new Promise(resolve => setImmediate(resolve))

test("a ring keeps the newest points, and numbers them from the first on", () => {
    for (const capacity of [1, 63, 64, 65, 1000]) {
        const ring = new Ring(capacity)
        for (let i = 0; i < 2500; i++) {
            assert.equal(ring.total, i)
            ring.push(i, i)
            assert.equal(ring.oldest, Math.max(0, i + 1 - capacity))
            assert.deepEqual(ring.read(i, 10), [i, i])
        }
        const kept = Math.min(capacity, 2500)
        assert.deepEqual(ring.read(ring.oldest, 5000), ramp(kept, 2500 - kept))
        assert.deepEqual(ring.read(2500, 10), [])
    }
})

test("a page gets the history first, then what is new each time it asks", async t => {
    const hub = newHub(t)
    hub.receive(points("a", ramp(3)))
    const page = new Page(hub)
    assert.deepEqual(page.batches[0].series, [[0, "a", ""]])
    assert.deepEqual(page.batches[0].points, [[0, ...ramp(3)]])
    assert.equal(page.batches[0].history, 10_000)
    hub.receive(points("a", ramp(2, 3)))
    await turn()
    assert.equal(page.batches.length, 1, "it has not asked")
    assert.deepEqual(page.ask(), { points: [[0, ...ramp(2, 3)]] })
})

test("a page that asks before there is news gets the news when it comes", async t => {
    const hub = newHub(t)
    const page = new Page(hub)
    assert.equal(page.ask(), undefined)
    hub.receive(points("a", [1, 2]))
    hub.receive(points("a", [3, 4]))
    await turn()
    assert.equal(page.batches.length, 2, "what comes together is one batch")
    assert.deepEqual(page.batches[1].points, [[0, 1, 2, 3, 4]])
})

test("a page that asks again and again but takes nothing gets one batch", async t => {
    const hub = newHub(t)
    const page = new Page(hub)
    for (let i = 0; i < 100; i++) {
        page.session.ask()
        hub.receive(points("a", [i, i]))
        await turn()
    }
    assert.equal(page.batches.length, 1)
    assert.deepEqual(page.ask()?.points, [[0, ...ramp(100)]])
})

test("a slow page is told how many points it missed, and gets the rest", t => {
    const hub = newHub(t, { history: 100 })
    hub.receive(points("a", ramp(50)))
    const page = new Page(hub)
    hub.receive(points("a", ramp(250, 50)))
    const batch = page.ask()
    assert.deepEqual(batch?.missed, [[0, 150]])
    assert.deepEqual(batch?.points, [[0, ...ramp(100, 200)]])
})

test("a long history comes in several batches, of each series in order and whole", t => {
    const hub = newHub(t)
    const names = Array.from({ length: 7 }, (_, i) => `source ${i}`)
    for (const name of names) hub.receive(points(name, ramp(9000)))
    const page = new Page(hub)
    const got = new Map<number, number[]>()
    let batch: Batch | undefined = page.batches[0]
    let count = 0
    for (; batch; batch = page.ask(), count++)
        for (const [id, ...values] of batch.points ?? [])
            got.set(id, [...(got.get(id) ?? []), ...values])
    assert.equal(count, 4)
    for (const id of names.keys()) assert.deepEqual(got.get(id), ramp(9000))
})

test("a source that comes back goes on with its series", t => {
    const hub = newHub(t)
    hub.receive(state(["a"]))
    hub.receive(points("a", [1, 1]))
    hub.receive(state([]))
    const page = new Page(hub)
    assert.deepEqual(page.batches[0].table?.sources, [])
    hub.receive(state(["a"]))
    hub.receive(points("a", [2, 2]))
    const batch = page.ask()
    assert.deepEqual(batch?.table?.sources, ["a"])
    assert.deepEqual(batch?.points, [[0, 2, 2]])
    assert.equal(batch?.series, undefined)
})

test("when there are too many series those of sources that went make room, others are refused and counted", t => {
    const hub = newHub(t, { series: 2 })
    hub.receive(state(["stays", "comes"]))
    hub.receive(points("stays", [1, 1]))
    hub.receive(points("went", [1, 1]))
    const page = new Page(hub)
    hub.receive(points("comes", [1, 1]))
    const batch = page.ask()
    assert.deepEqual(batch?.gone, [1])
    assert.deepEqual(batch?.series, [[2, "comes", ""]])
    hub.receive(points("too many", ramp(3)))
    assert.equal(hub.table.refused, 3)
    assert.deepEqual(
        [...hub.series].map(({ source }) => source),
        ["stays", "comes"]
    )
})

test("the table has a bounded number of devices, and the rest are counted", t => {
    const hub = newHub(t, { devices: 2 })
    const device = {
        name: "a",
        address: "127.0.0.1:1",
        protocol: "RFC 6455",
        since: 0,
        messages: 0,
        wrong: 0,
    }
    const devices = ["1", "2"].map(id => ({ ...device, id }))
    for (const server of ["a", "b"])
        hub.receive({ kind: "state", server, sources: [], devices, more: 3 })
    assert.equal(hub.table.devices.length, 2)
    assert.equal(hub.table.more, 8)
})

test("one source has a bounded number of series", t => {
    const hub = newHub(t, { seriesPerSource: 2 })
    for (const series of ["1", "2", "3"])
        hub.receive(points("a", [1, 1], series))
    assert.deepEqual(
        [...hub.series].map(({ name }) => name),
        ["1", "2"]
    )
})

test("what was connected to a server is forgotten when it goes, or falls silent", t => {
    t.mock.timers.enable({ apis: ["setInterval", "Date"] })
    const hub = newHub(t)
    for (const server of ["goes", "silent", "stays"])
        hub.receive(state([`of ${server}`], server))
    hub.receive({ kind: "gone", server: "goes" })
    assert.deepEqual(hub.table.sources, ["of silent", "of stays"])
    for (let i = 0; i < SERVER_TIMEOUT / 1000 + 4; i++) {
        hub.receive(state(["of stays"], "stays"))
        t.mock.timers.tick(1000)
    }
    assert.deepEqual(hub.table.sources, ["of stays"])
})

test("a publisher gathers points, publishes them in order and in bounded events, and tells its end", t => {
    const bus = new LocalBus()
    const events: HubEvent[] = []
    void bus.subscribe("plot", event => events.push(event))
    t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] })
    const publisher = new Publisher(bus, "s")
    const a = publisher.source("a")
    const b = publisher.source("b")
    for (let i = 0; i < POINTS_PER_EVENT - 1; i++) a.point("", i, i)
    assert.equal(a.full, false)
    a.point("", POINTS_PER_EVENT - 1, POINTS_PER_EVENT - 1)
    assert.equal(a.full, true)
    for (let i = 0; i < 10; i++) b.point("x", i, i)
    t.mock.timers.tick(50)
    assert.equal(a.full, false)
    const batches = events.flatMap(event =>
        event.kind === "points" ? [event.batch] : []
    )
    assert.deepEqual(batches, [
        [{ source: "a", series: "", points: ramp(POINTS_PER_EVENT) }],
        [{ source: "b", series: "x", points: ramp(10) }],
    ])
    a.end()
    t.mock.timers.tick(1000)
    assert.deepEqual(events.at(-1), state(["b"]))
    b.point("x", 10, 10)
    publisher.close()
    assert.deepEqual(events.slice(-2), [
        points("b", [10, 10], "x"),
        { kind: "gone", server: "s" },
    ])
})

/** What a publisher published, and the bytes of each event. */
function published(t: TestContext, look?: LookAtDevices) {
    const bus = new LocalBus()
    const events: HubEvent[] = []
    void bus.subscribe("plot", event => events.push(event))
    t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] })
    const publisher = new Publisher(bus, "s", look)
    t.after(() => publisher.close())
    const largest = () =>
        Math.max(
            ...events.map(event => Buffer.byteLength(JSON.stringify(event)))
        )
    return { publisher, events, largest }
}

/** The longest name that there is: each character is six bytes as JSON. */
const LONG = "\ud800".repeat(100)

test("events are bounded in bytes, whatever the names of sources and series", t => {
    const { publisher, events, largest } = published(t)
    for (let i = 0; i < 200; i++) {
        const source = publisher.source(`${i} ${LONG}`.slice(0, 100))
        for (let k = 0; k < 32; k++)
            source.point(`${k} ${LONG}`.slice(0, 100), 1e-300 / 3, -1e300 / 3)
    }
    t.mock.timers.tick(1000)
    assert.ok(largest() <= BYTES_PER_EVENT, `${largest()} bytes`)
    const batches = events.flatMap(event =>
        event.kind === "points" ? event.batch : []
    )
    assert.equal(batches.length, 200 * 32)
    const [state] = events.filter(event => event.kind === "state")
    assert.equal(state.sources.length, 200)
})

test("a state beyond the bytes of an event leaves devices out, and counts them", t => {
    const device = {
        ...{ id: "1", name: LONG, address: LONG, protocol: LONG },
        ...{ since: 0, messages: 0, wrong: 0 },
    }
    const devices = Array<Device>(1000).fill(device)
    const { publisher, events, largest } = published(t, () => ({
        devices,
        more: 3000,
    }))
    for (let i = 0; i < 4000; i++) publisher.source(`${i} ${LONG}`)
    t.mock.timers.tick(1000)
    assert.ok(largest() <= BYTES_PER_EVENT, `${largest()} bytes`)
    const [state] = events.filter(event => event.kind === "state")
    assert.ok(state.devices.length > 100)
    assert.equal(state.devices.length + state.more, 4000)
})

test("a source's series are bounded, and the points of further ones are counted", t => {
    const { publisher, events } = published(t)
    const source = publisher.source("a")
    for (let i = 0; i < 40; i++) source.point(`${i}`, 1, 1)
    source.point("0", 2, 2)
    t.mock.timers.tick(1000)
    const names = events.flatMap(event =>
        event.kind === "points" ? event.batch.map(({ series }) => series) : []
    )
    assert.equal(names.length, 32)
    const [state] = events.filter(event => event.kind === "state")
    assert.equal(state.refused, 8)
})
