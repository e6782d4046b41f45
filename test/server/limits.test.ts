import assert from "node:assert/strict"
import { test } from "node:test"
import { FRAME_64K, connect, handshake, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"

test("a message of the longest length passes, one byte more closes with 1009", async t => {
    const server = await serve(t, { maxMessage: 1000 })
    const client = await connect(t, server.url)
    const longest = "x".repeat(1000)
    assert.equal(await client.askText(longest), longest)
    const ended = once(server.events, "close")
    client.ws.send(longest + "x")
    assert.equal((await client.closed).code, 1009)
    const [{ code, sent }] = await ended
    assert.deepEqual({ code, sent }, { code: 1006, sent: 1009 })
})

test("the longest length counts the fragments of a message together", async t => {
    const server = await serve(t, { maxMessage: 1000 })
    const client = await connect(t, server.url)
    client.ws.send("x".repeat(600), { fin: false })
    client.ws.send("x".repeat(600), { fin: true })
    assert.equal((await client.closed).code, 1009)
})

test("an announced length beyond the longest is refused before a byte of it came", async t => {
    const server = await serve(t)
    const socket = await tcp(t, server.port)
    const failed = once(server.events, "failure")
    socket.write(handshake())
    // RFC 6455 section 5.2: binary, masked, 64-bit length
    socket.write(Buffer.from("82ff00000000ffffffff00000000", "hex"))
    const [{ reason }] = await failed
    assert.match(reason, /size exceeded/)
    socket.destroy()
})

test("text that is not UTF-8 closes with 1007", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    client.ws.send(Buffer.from([0xc0, 0xaf]), { binary: false })
    assert.equal((await client.closed).code, 1007)
    assert.ok(!server.seen.some(({ event }) => event === "message"))
})

test("a client that does not read is not read either, and loses nothing", async t => {
    const server = await serve(t, { mode: "echo", maxBuffered: 64 * 1024 })
    const client = await connect(t, server.url)
    const paused = once(server.events, "pause")
    client.ws.pause()
    const count = 512
    const message = Buffer.alloc(64 * 1024)
    for (let index = 0; index < count; index++) {
        message.writeUInt32BE(index)
        client.ws.send(Buffer.from(message))
    }
    const [{ buffered }] = await paused
    const [connection] = server.connections
    assert.ok(buffered > 64 * 1024)
    assert.ok(connection.buffered <= 4 * 64 * 1024)
    const read = server.seen.filter(({ event }) => event === "message")
    assert.ok(read.length < count, `${read.length} messages were read`)
    const resumed = once(server.events, "resume")
    client.ws.resume()
    for (let index = 0; index < count; index++) {
        const { data } = await client.receive()
        assert.equal(data.readUInt32BE(), index)
        assert.equal(data.length, message.length)
    }
    await resumed
    assert.ok(!server.seen.some(({ event }) => event === "failure"))
})

test("a client that takes none of its replies for too long is terminated", async t => {
    const server = await serve(t, {
        mode: "echo",
        maxBuffered: 64 * 1024,
        stallTimeout: 100,
    })
    const client = await connect(t, server.url)
    const failed = once(server.events, "failure")
    const ended = once(server.events, "close")
    client.ws.pause()
    const message = Buffer.alloc(64 * 1024)
    for (let index = 0; index < 512; index++) client.ws.send(message)
    const [{ reason }] = await failed
    assert.match(reason, /did not read its replies: \d+ bytes are unread/)
    const [{ code }] = await ended
    assert.equal(code, 1006)
    assert.equal(server.connections.size, 0)
    const names = server.seen.map(({ event }) => event)
    assert.ok(!names.slice(names.indexOf("failure")).includes("resume"))
})

test("a client that sends no more and takes no replies is terminated", async t => {
    const server = await serve(t, {
        mode: "echo",
        maxBuffered: 2 ** 30,
        stallTimeout: 100,
    })
    const socket = await tcp(t, server.port)
    const failed = once(server.events, "failure")
    const ended = once(server.events, "close")
    socket.pause()
    socket.write(handshake())
    for (let index = 0; index < 512; index++) socket.write(FRAME_64K)
    socket.end()
    assert.match((await failed)[0].reason, /did not read its replies/)
    assert.equal((await ended)[0].code, 1006)
})

test("replies far beyond the limit terminate the client at once", async t => {
    const server = await serve(t, {
        mode: "prefix",
        prefix: "x".repeat(64 * 1024),
        path: "/ws",
        maxMessage: 1024,
        maxBuffered: 1024,
    })
    const socket = await tcp(t, server.port)
    const failed = once(server.events, "failure")
    socket.write(handshake())
    await once(socket, "data")
    socket.pause()
    // 6 bytes each, answered with 64 KB each
    socket.write(Buffer.from("818000000000".repeat(5000), "hex"))
    const [{ reason }] = await failed
    assert.match(reason, /bytes are unread, the limit is \d+/)
})

test("a client that does not answer a ping is terminated", async t => {
    const server = await serve(t, { ping: 50 })
    const client = await connect(t, server.url, { autoPong: false })
    const ended = once(server.events, "close")
    const [{ reason }] = await once(server.events, "failure")
    assert.match(reason, /did not answer a ping/)
    const [{ code }] = await ended
    assert.equal(code, 1006)
    assert.equal((await client.closed).code, 1006)
})

test("a client that answers pings stays", async t => {
    const server = await serve(t, { ping: 500 })
    const client = await connect(t, server.url)
    await once(client.ws, "ping")
    await once(client.ws, "ping")
    assert.equal(await client.askText("ab"), "ba")
})

test("more messages a second than allowed close with 1008, twice as many at once do not", async t => {
    const server = await serve(t, { maxRate: 5, closeTimeout: 100 })
    const client = await connect(t, server.url)
    for (let count = 0; count < 10; count++)
        assert.equal(await client.askText("ab"), "ba")
    const failed = once(server.events, "failure")
    for (let count = 0; count < 10; count++) client.ws.send("x")
    assert.match((await failed)[0].reason, /more than 5 messages a second/)
    assert.equal((await client.closed).code, 1008)
})

test("who sends too fast is not read any more", async t => {
    const server = await serve(t, { maxRate: 5, closeTimeout: 100 })
    const socket = await tcp(t, server.port)
    socket.write(handshake())
    await once(socket, "data")
    const [connection] = server.connections
    const ended = once(server.events, "close")
    const count = 512
    for (let index = 0; index < count; index++) socket.write(FRAME_64K)
    await ended
    assert.ok(connection.bytesRead < (count / 2) * FRAME_64K.length)
})

test("pings count among the messages", async t => {
    const server = await serve(t, { maxRate: 5, closeTimeout: 100 })
    const client = await connect(t, server.url)
    for (let count = 0; count < 20; count++) client.ws.ping()
    assert.equal((await client.closed).code, 1008)
})

/** A Ping of 125 bytes, RFC 6455 section 5.5; zeros for the mask. */
const PING = Buffer.concat([
    Buffer.from("89fd00000000", "hex"),
    Buffer.alloc(125),
])

test("pings that come all at once are all answered", async t => {
    const server = await serve(t)
    const socket = await tcp(t, server.port)
    socket.write(handshake())
    await once(socket, "data")
    const count = 1000
    socket.write(Buffer.alloc(count * PING.length, PING))
    // not masked, RFC 6455 section 5.1
    const pongs = count * (PING.length - 4)
    for (let got = 0; got < pongs;) {
        const [chunk] = (await once(socket, "data")) as [Buffer]
        got += chunk.length
    }
    assert.ok(!server.seen.some(({ event }) => event === "close"))
})

test("a client that pings and does not read is terminated", async t => {
    const server = await serve(t, {
        maxBuffered: 64 * 1024,
        stallTimeout: 100,
    })
    const socket = await tcp(t, server.port)
    const failed = once(server.events, "failure")
    socket.write(handshake())
    await once(socket, "data")
    socket.pause()
    const pings = Buffer.alloc(500 * PING.length, PING)
    for (let index = 0; index < 512; index++) socket.write(pings)
    assert.match((await failed)[0].reason, /did not read its replies/)
})

test("replies count for what they take in memory, however short they are", async t => {
    const server = await serve(t, { maxBuffered: 64 * 1024 })
    const socket = await tcp(t, server.port)
    const paused = once(server.events, "pause")
    socket.write(handshake())
    await once(socket, "data")
    const count = 5000
    socket.write(Buffer.from("818000000000".repeat(count), "hex"))
    await paused
    for (let got = 0; got < 2 * count;) {
        const [chunk] = (await once(socket, "data")) as [Buffer]
        got += chunk.length
    }
})

/** A fragment of 64 bytes; zeros for the mask. */
const FRAGMENT = Buffer.concat([
    Buffer.from("00c000000000", "hex"),
    Buffer.alloc(64),
])

test("the longest message may come in pieces of 64 bytes", async t => {
    const maxMessage = 4 * 1024 * 1024
    const server = await serve(t, { mode: "echo", maxMessage })
    const socket = await tcp(t, server.port)
    socket.write(handshake())
    await once(socket, "data")
    const count = maxMessage / 64
    socket.write(Buffer.from("028000000000", "hex"))
    socket.write(Buffer.alloc((count - 2) * FRAGMENT.length, FRAGMENT))
    socket.write(Buffer.from("80c000000000", "hex"))
    socket.write(Buffer.alloc(64))
    const expected = (count - 1) * 64
    let got = -10
    while (got < expected) got += (await once(socket, "data"))[0].length
    assert.equal(got, expected)
})

test("more fragments than allowed close with 1008, and the reason names the option", async t => {
    const server = await serve(t, { maxFragments: 10 })
    const client = await connect(t, server.url)
    const failed = once(server.events, "failure")
    for (let i = 0; i < 11; i++) client.ws.send("x", { fin: false })
    assert.match((await failed)[0].reason, /fragments \(--max-fragments\)/)
    assert.equal((await client.closed).code, 1008)
})
