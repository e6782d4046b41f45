/** What the buses are made of, without a bus. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { HubEvent } from "../../server/bus/bus.ts"
import { BUS_URL, connectionOptions } from "../../server/bus/nats-url.ts"
import { Outbox } from "../../server/bus/outbox.ts"
import { parseEvent } from "../../server/bus/parse-event.ts"
import {
    WorkerBroker,
    type Member,
} from "../../server/cluster/worker-broker.ts"

test("an outbox gives in order what was put in, and keeps the first until it is removed", () => {
    const outbox = new Outbox()
    for (const text of ["a", "b"]) outbox.add(text)
    assert.deepEqual(outbox.first, { number: 0, text: "a" })
    assert.deepEqual(outbox.first, { number: 0, text: "a" })
    outbox.remove()
    assert.deepEqual(outbox.first, { number: 1, text: "b" })
    outbox.remove()
    assert.equal(outbox.first, undefined)
    assert.equal(outbox.length, 0)
})

test("a full outbox drops the oldest and counts it, but not the one that is under way", () => {
    const outbox = new Outbox()
    for (let i = 0; i < 5003; ++i) outbox.add(`${i}`)
    assert.equal(outbox.length, 5000)
    assert.equal(outbox.dropped, 3)
    assert.equal(outbox.first?.text, "0")
    outbox.remove()
    assert.equal(outbox.first?.text, "4")
})

test("an outbox is full by bytes, too", () => {
    const outbox = new Outbox()
    const megabyte = "x".repeat(1024 * 1024)
    for (let i = 0; i < 40; ++i) outbox.add(megabyte)
    assert.equal(outbox.length, 32)
    assert.equal(outbox.dropped, 8)
    for (let i = 0; i < 32; ++i) outbox.remove()
    outbox.add(megabyte)
    assert.equal(outbox.dropped, 8)
})

const DEVICE = {
    id: "0",
    name: "board",
    address: "127.0.0.1:1",
    protocol: "RFC 6455",
    since: 1,
    messages: 2,
    wrong: 0,
}
const POINTS = {
    kind: "points",
    server: "a",
    batch: [{ source: "s", series: "", points: [1, 2] }],
}
const STATE = {
    kind: "state",
    server: "a",
    sources: ["s"],
    devices: [DEVICE],
    more: 0,
}

test("an event comes out of JSON as it went in", () => {
    for (const event of [POINTS, STATE, { kind: "gone", server: "a" }])
        assert.deepEqual(parseEvent(JSON.stringify(event)), event)
})

for (const [what, event] of Object.entries({
    "a number": 1,
    "an unknown kind": { kind: "x", server: "a" },
    "no server": { ...POINTS, server: undefined },
    "a batch that is no list": { ...POINTS, batch: {} },
    "points that are not numbers": {
        ...POINTS,
        batch: [{ source: "s", series: "", points: ["1", 2] }],
    },
    "an x without its y": {
        ...POINTS,
        batch: [{ source: "s", series: "", points: [1] }],
    },
    "a source without a name": { ...POINTS, batch: [{ points: [1, 2] }] },
    "a device without a name": {
        ...STATE,
        devices: [{ ...DEVICE, name: undefined }],
    },
    "a round trip that is text": {
        ...STATE,
        devices: [{ ...DEVICE, roundTrip: "<b>" }],
    },
    "a source that is no text": { ...STATE, sources: [1] },
    "a count below 0": { ...STATE, more: -1 },
}))
    test(`${what} is no event`, () =>
        assert.equal(parseEvent(JSON.stringify(event)), undefined))

test("names that come over the bus are shortened and cleaned as a device's own are", () => {
    const long = "\u0000x".repeat(300)
    const short = "x" + " x".repeat(49)
    const state = parseEvent(
        JSON.stringify({
            ...STATE,
            sources: [long],
            devices: [{ ...DEVICE, name: long, address: long, protocol: long }],
        })
    )
    assert.deepEqual(state, {
        ...STATE,
        sources: [short],
        devices: [{ ...DEVICE, name: short, address: short, protocol: short }],
    })
    const batch = [{ source: long, series: long, points: [1, 2] }]
    const points = parseEvent(JSON.stringify({ ...POINTS, batch }))
    assert.deepEqual(points, {
        ...POINTS,
        batch: [{ source: short, series: short, points: [1, 2] }],
    })
})

test("a name cannot turn the direction of what is written behind it", () => {
    const names = ["a\u202eb", "\u2066a b\u2069"].map(source => {
        const batch = [{ source, series: "", points: [1, 2] }]
        const event = parseEvent(JSON.stringify({ ...POINTS, batch }))
        return event?.kind === "points" && event.batch[0].source
    })
    assert.deepEqual(names, ["a b", "a b"])
})

test("an outbox that is given more than it may hold keeps what it can", () => {
    const outbox = new Outbox()
    outbox.add("x".repeat(40 * 1024 * 1024))
    assert.equal(outbox.length, 1)
    outbox.add("y")
    assert.equal(outbox.length, 1)
    outbox.drop()
    assert.equal(outbox.length, 0)
    assert.equal(outbox.dropped, 2)
})

test("a bus has a URL of one or several NATS servers", () => {
    const { servers, user, pass, tls } = connectionOptions(
        "nats://me:p%40ss@a:1,nats://b"
    )
    assert.deepEqual(
        { servers, user, pass, tls },
        { servers: ["a:1", "b"], user: "me", pass: "p@ss", tls: undefined }
    )
    assert.deepEqual(connectionOptions("tls://a").tls, {})
})

for (const url of [
    "",
    "a:4222",
    "http://a",
    "nats://",
    "nats://a/x",
    "nats://a?b",
])
    test(`${JSON.stringify(url)} is no URL of a bus`, () =>
        assert.throws(() => connectionOptions(url), {
            name: "TypeError",
            message: `expected ${BUS_URL}, got ${url}`,
        }))

/** A member of a broker, and what it has received. */
function member(): Member & { seen: (HubEvent | "joined")[] } {
    const seen: (HubEvent | "joined")[] = []
    return {
        seen,
        receive: event => seen.push(event as HubEvent),
        joined: () => seen.push("joined"),
    }
}

function newRelay(t: TestContext): WorkerBroker {
    const broker = new WorkerBroker()
    t.after(() => broker.close())
    return broker
}

test("a broker hands each event to all members, and the past to a new one before it has joined", t => {
    const broker = newRelay(t)
    const [a, b, c] = [member(), member(), member()]
    broker.join(a)
    broker.join(b)
    broker.publish("plot", POINTS as HubEvent, a)
    broker.publish("plot", STATE as HubEvent, a)
    for (const { seen } of [a, b])
        assert.deepEqual(seen, ["joined", POINTS, STATE])
    broker.join(c)
    assert.deepEqual(c.seen, [{ ...POINTS, server: "broker" }, STATE, "joined"])
})

test("a broker tells for a member that has gone without a word that it has gone", t => {
    const broker = newRelay(t)
    const [a, b] = [member(), member()]
    broker.join(a)
    broker.join(b)
    broker.publish("plot", STATE as HubEvent, a)
    broker.leave(a)
    assert.deepEqual(b.seen.at(-1), { kind: "gone", server: "a" })
    broker.publish("plot", { ...STATE, server: "b" } as HubEvent, b)
    broker.publish("plot", { kind: "gone", server: "b" }, b)
    broker.leave(b)
    const c = member()
    broker.join(c)
    assert.deepEqual(c.seen, ["joined"])
})
