/** `relay` on one server: rooms, presence, slow members, caps, tokens. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { ServerOptions } from "../../server/options.ts"
import { once, within } from "../wire/wait.ts"
import { connect, serve, type Client, type Served } from "./peers.ts"

const PRESENCE = { protocols: ["presence"] }

const relay = (t: TestContext, options: ServerOptions = {}) =>
    serve(t, { mode: "relay", ...options })

/** Clients in a room, which have joined in this order. */
async function members(
    t: TestContext,
    { url }: Served,
    room: string,
    count: number
): Promise<Client[]> {
    const all: Client[] = []
    while (all.length < count) all.push(await connect(t, url + room))
    return all
}

/** The text of the next message. */
const textOf = async ({ receive }: Client) => (await receive()).data.toString()

/** Receives nothing but what is sent now: the way to see that nothing came before. */
async function hearsOnly(client: Client, from: Client, text: string) {
    from.ws.send(text)
    assert.equal(await textOf(client), text)
}

const metric = async (server: Served, name: string) =>
    Number(
        new RegExp(`^${name} (\\d+)$`, "m").exec(
            await server.metrics.metrics()
        )?.[1]
    )

test("a message goes to all others in the room as it is, and to nobody else", async t => {
    const server = await relay(t)
    assert.equal(server.url, `ws://127.0.0.1:${server.port}/room/`)
    const [a, b, c] = await members(t, server, "kitchen", 3)
    const [x, y] = await members(t, server, "kitchen/lamp", 2)
    for (const data of ["", "on 😀", Buffer.from([0, 255]), Buffer.alloc(0)]) {
        a.ws.send(data)
        for (const other of [b, c])
            assert.deepEqual(await other.receive(), {
                data: Buffer.from(data),
                isBinary: typeof data !== "string",
            })
    }
    await hearsOnly(a, b, "back")
    await hearsOnly(y, x, "elsewhere")
})

// those at which the header of a frame changes (RFC 6455 section 5.2)
for (const length of [0, 125, 126, 65_535, 65_536, 1_048_576])
    test(`a message of ${length} bytes comes to all, told of presence or not`, async t => {
        const server = await relay(t)
        const [a, b] = await members(t, server, "r", 2)
        const watcher = await connect(t, server.url + "r", PRESENCE)
        await watcher.receive()
        const data = Buffer.alloc(length, "é")
        a.ws.send(data)
        const binary = { data, isBinary: true }
        assert.deepEqual(await b.receive(), binary)
        assert.deepEqual(await watcher.receive(), binary)
        const text = "x".repeat(length)
        a.ws.send(text)
        assert.equal(await textOf(b), text)
        assert.equal(await textOf(watcher), "=" + text)
    })

test("messages of one sender come in their order, whoever else sends", async t => {
    const server = await relay(t, { maxRate: 100_000 })
    const [a, b, listener] = await members(t, server, "r", 3)
    for (let i = 0; i < 500; ++i)
        for (const [name, { ws }] of Object.entries({ a, b }))
            ws.send(`${name}${i}`)
    const next = { a: 0, b: 0 }
    for (let i = 0; i < 1000; ++i) {
        const text = await textOf(listener)
        const name = text[0] as "a" | "b"
        assert.equal(text, `${name}${next[name]++}`)
    }
})

test("a member for whom messages are compressed gets them compressed, in the same order", async t => {
    const server = await relay(t, { compress: true, maxRate: 100_000 })
    const [a] = await members(t, server, "r", 1)
    const b = await connect(t, server.url + "r", { perMessageDeflate: true })
    assert.equal(b.ws.extensions, "permessage-deflate")
    // long ones, which are compressed, and short ones, which are not
    const texts = Array.from({ length: 200 }, (_, i) =>
        `${i} `.repeat(i % 2 ? 1 : 1000)
    )
    for (const text of texts) a.ws.send(text)
    for (const text of texts) assert.equal(await textOf(b), text)
    const metrics = await server.metrics.metrics()
    assert.match(metrics, /compressed_bytes_total{direction="sent"} \d/)
})

const NAMES: Record<string, [path: string, same: string]> = {
    "percent-encoded and plain": ["a%62c", "abc"],
    "with blanks": ["living%20room", "living%20room"],
    "NATS wildcards": ["*.%3E", "%2A.>"],
    "with slashes": ["house/1/lamp", "house%2F1%2Flamp"],
    "what every object has": ["__proto__", "__proto__"],
    "an emoji": ["%F0%9F%92%A1", "%f0%9f%92%a1"],
    "128 bytes": ["x".repeat(128), "x".repeat(128)],
    "with a query, which is not part of it": ["q?a=1", "q?b=2"],
}

for (const [what, [path, same]] of Object.entries(NAMES))
    test(`a room's name: ${what}`, async t => {
        const server = await relay(t)
        const [a] = await members(t, server, path, 1)
        const [b] = await members(t, server, same, 1)
        const [c] = await members(t, server, "another", 1)
        await hearsOnly(b, a, "hello")
        const [d] = await members(t, server, "another", 1)
        await hearsOnly(c, d, "alone")
    })

const BAD_NAMES: Record<string, string> = {
    "no name": "",
    "a control": "a%00b",
    "a line separator": "a%E2%80%A8b",
    "no UTF-8": "%FF",
    "an unfinished escape": "%4",
    "129 bytes": "x".repeat(129),
}

for (const [what, path] of Object.entries(BAD_NAMES))
    test(`no room's name: ${what}`, async t => {
        const server = await relay(t)
        await assert.rejects(connect(t, server.url + path), /400/)
    })

test("presence is told to who asks for it, apart from the room's texts, and to nobody else", async t => {
    const server = await relay(t)
    const plain = await connect(t, server.url + "r")
    const watcher = await connect(t, server.url + "r", PRESENCE)
    assert.equal(watcher.ws.protocol, "presence")
    assert.equal(await textOf(watcher), '!{"event":"here","members":2}')
    const guest = await connect(t, server.url + "r")
    assert.equal(await textOf(watcher), '!{"event":"joined","members":3}')
    plain.ws.send('!{"event":"left","members":0}')
    assert.equal(await textOf(watcher), '=!{"event":"left","members":0}')
    assert.equal(await textOf(guest), '!{"event":"left","members":0}')
    plain.ws.send(Buffer.from("!"))
    assert.deepEqual(await watcher.receive(), {
        data: Buffer.from("!"),
        isBinary: true,
    })
    guest.ws.close()
    assert.equal(await textOf(watcher), '!{"event":"left","members":2}')
    await hearsOnly(plain, watcher, "the first that it hears")
})

/** Sends until `done`, as fast as the server reads. */
async function flood({ ws }: Client, data: Buffer, done: () => boolean) {
    while (!done())
        await within(
            new Promise(resolve => ws.send(data, resolve)),
            "a message to leave"
        )
}

/** Messages of 64 KB: more than what the buffers of two TCP connections take. */
const MOST_SENT = 1000

for (const slow of ["drop", "skip"] as const)
    test(`a member that does not read: ${slow}; the others and the sender are spared`, async t => {
        const server = await relay(t, { slow, maxRate: 1_000_000 })
        const [sender, reader, sleeper] = await members(t, server, "r", 3)
        sleeper.ws.pause()
        let heard = 0
        reader.ws.on("message", () => heard++)
        const data = Buffer.alloc(64 * 1024)
        const name =
            slow === "drop"
                ? "relay_dropped_members_total"
                : "relay_skipped_messages_total"
        let found = 0
        let sent = 0
        while (!found) {
            assert.ok(sent < MOST_SENT, `nothing was left out of ${sent}`)
            let left = 20
            await flood(sender, data, () => left-- === 0)
            sent += 20
            found = await metric(server, name)
        }
        // bounded: what the connections buffer, and one message more than the limit
        for (const { buffered } of server.connections)
            assert.ok(buffered < 512 * 1024, `${buffered} bytes wait`)
        sleeper.ws.resume()
        if (slow === "drop")
            assert.deepEqual(await sleeper.closed, {
                code: 1013,
                reason: "too slow for the room",
            })
        else {
            let text = ""
            sleeper.ws.on("message", (data, isBinary) => {
                if (!isBinary) text = data.toString()
            })
            for (let tries = 0; text !== "again"; ++tries) {
                assert.ok(tries < 100, "it does not hear the room again")
                sender.ws.send("again")
                sent++
                await Promise.race([
                    once(sleeper.ws, "message"),
                    new Promise(resolve => setTimeout(resolve, 100)),
                ])
            }
        }
        while (heard < sent) await once(reader.ws, "message")
        await hearsOnly(sender, reader, "still here")
    })

test("a member that floods is closed with 1008 by default, the room goes on", async t => {
    const server = await relay(t)
    const [flooder, a, b] = await members(t, server, "r", 3)
    let heard = 0
    b.ws.on("message", () => heard++)
    const failed = once(server.events, "failure")
    const begun = performance.now()
    for (let i = 0; i < 1000; ++i) flooder.ws.send("x")
    await failed
    const seconds = (performance.now() - begun) / 1000
    assert.equal((await flooder.closed).code, 1008)
    a.ws.send("on")
    while ((await textOf(b)) !== "on");
    // two seconds' worth at once, what becomes due meanwhile, and the last one
    const most = 200 + 100 * seconds + 1
    assert.ok(heard > 200 && heard <= most, `${heard} messages came through`)
})

test("rooms and members have caps, and place is made by who leaves", async t => {
    const server = await relay(t, { maxRooms: 2, maxMembers: 2 })
    const [a] = await members(t, server, "one", 2)
    await assert.rejects(connect(t, server.url + "one"), /503/)
    await members(t, server, "two", 1)
    await assert.rejects(connect(t, server.url + "three"), /503/)
    const left = once(server.events, "close")
    a.ws.close()
    await left
    await connect(t, server.url + "one")
    assert.equal(await metric(server, "relay_rooms"), 2)
    assert.equal(await metric(server, "relay_members"), 3)
})

test("a token may name the rooms that it opens", async t => {
    const all = "correct-horse-battery-staple"
    const some = "only-the-kitchen-and-floor-1"
    const tokens = [all, { token: some, rooms: ["kitchen", "floor 1/"] }]
    const server = await relay(t, { tokens })
    const enter = (path: string, token: string) =>
        connect(t, new URL(path, server.url).href, {
            headers: { Authorization: `Bearer ${token}` },
        })
    for (const room of ["kitchen", "floor%201/lamp"]) await enter(room, some)
    for (const room of ["kitchen2", "floor%201", "kitchen/lamp", "/plot"])
        await assert.rejects(enter(room, some), /403/)
    for (const room of ["kitchen", "cellar", "/plot"]) await enter(room, all)
    await assert.rejects(enter("kitchen", "wrong"), /401/)
})

test("a page of another site is not let in unless it is named, a board is", async t => {
    const server = await relay(t)
    const origin = "https://evil.example"
    await assert.rejects(connect(t, server.url + "r", { origin }), /403/)
    await connect(t, server.url + "r", {
        origin: `http://127.0.0.1:${server.port}`,
    })
    const friendly = await relay(t, { origins: [origin] })
    await connect(t, friendly.url + "r", { origin })
})
