import assert from "node:assert/strict"
import { on } from "node:events"
import { test } from "node:test"
import { startServer } from "../../server/server.ts"
import { ListenError } from "../../server/http/listen.ts"
import { FRAME_64K, connect, handshake, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"

test("close says 1001 to every client and frees the port", async t => {
    const server = await serve(t)
    const clients = [await connect(t, server.url), await connect(t, server.url)]
    const { port } = server
    await server.close()
    for (const client of clients)
        assert.deepEqual(await client.closed, {
            code: 1001,
            reason: "server is shutting down",
        })
    const closes = server.seen.filter(({ event }) => event === "close")
    assert.equal(closes.length, 2)
    assert.equal(server.connections.size, 0)
    const next = await serve(t, { port })
    assert.equal(next.port, port)
})

test("close drops a client that does not answer it", async t => {
    const server = await serve(t, { closeTimeout: 100 })
    const socket = await tcp(t, server.port)
    const gone = once(socket, "close")
    socket.write(handshake())
    socket.resume()
    await once(server.events, "connection")
    await server.close()
    await gone
    const last = server.seen.at(-1)
    assert.equal(last?.event, "close")
    assert.equal(last.code, 1006)
})

test("close drops a client that sends no more and takes no replies", async t => {
    const server = await serve(t, {
        mode: "echo",
        maxBuffered: 2 ** 30,
        closeTimeout: 100,
    })
    const messages = on(server.events, "message")
    const socket = await tcp(t, server.port)
    socket.pause()
    socket.write(handshake())
    for (let index = 0; index < 512; index++) socket.write(FRAME_64K)
    socket.end()
    for (let index = 0; index < 512; index++) await messages.next()
    // by the time another client is served, the end of this one is noticed
    const other = await connect(t, server.url)
    await other.askText("x")
    await server.close()
    const last = server.seen.at(-1)
    assert.equal(last?.event, "close")
    assert.equal(last.code, 1006)
})

test("close is answered by a client that has its replies to read first", async t => {
    const server = await serve(t, {
        mode: "echo",
        maxBuffered: 64 * 1024,
        closeTimeout: 2 ** 30,
    })
    const client = await connect(t, server.url)
    const paused = once(server.events, "pause")
    client.ws.pause()
    const message = Buffer.alloc(64 * 1024)
    for (let index = 0; index < 512; index++) client.ws.send(message)
    await paused
    const closed = server.close()
    client.ws.resume()
    await closed
    assert.equal((await client.closed).code, 1001)
    const last = server.seen.at(-1)
    assert.equal(last?.event, "close")
    assert.equal(last.code, 1001)
})

test("close does not wait for a client that has not asked for anything", async t => {
    const server = await serve(t, { closeTimeout: 2 ** 30 })
    const socket = await tcp(t, server.port)
    const gone = once(socket, "close")
    await server.close()
    await gone
})

test("close may be called again", async t => {
    const server = await serve(t)
    await Promise.all([server.close(), server.close()])
    await server.close()
})

test("what a client says when it closes is told", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    const ended = once(server.events, "close")
    client.ws.close(4321, "done é")
    const [{ code, reason, peer, time }] = await ended
    assert.deepEqual({ code, reason }, { code: 4321, reason: "done é" })
    assert.match(peer, /^127\.0\.0\.1:\d+$/)
    assert.equal(new Date(time).toISOString(), time)
})

test("a client that closes without a code is told as 1005, one that vanishes as 1006", async t => {
    const server = await serve(t)
    const polite = await connect(t, server.url)
    const first = once(server.events, "close")
    polite.ws.close()
    assert.equal((await first)[0].code, 1005)
    const rude = await connect(t, server.url)
    const second = once(server.events, "close")
    rude.ws.terminate()
    assert.equal((await second)[0].code, 1006)
})

test("messages that arrive in one piece with a Close are all answered before it", async t => {
    const server = await serve(t)
    const client = await tcp(t, server.port)
    // three times "ab", then a Close with 1000, masked with zeros
    const message = "8182000000006162"
    client.write(handshake())
    await once(client, "data")
    client.write(Buffer.from(message.repeat(3) + "88820000000003e8", "hex"))
    const chunks = await client.toArray()
    assert.equal(
        Buffer.concat(chunks).toString("hex"),
        "81026261".repeat(3) + "880203e8"
    )
})

test("what happens is told in order, with the peer", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    await client.askText("ab")
    const ended = once(server.events, "close")
    client.ws.close()
    await ended
    assert.deepEqual(
        server.seen.map(({ event }) => event),
        ["connection", "message", "reply", "close"]
    )
    assert.equal(new Set(server.seen.map(({ peer }) => peer)).size, 1)
    const [, message, reply] = server.seen
    assert.ok(message.event === "message" && reply.event === "reply")
    assert.deepEqual([message.data, reply.data], ["ab", "ba"])
})

test("a test may send, close and drop connections from the server's side", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    const [connection] = server.connections
    connection.send({ type: "text", data: "unasked" })
    assert.equal((await client.receive()).data.toString(), "unasked")
    connection.close(4000, "enough")
    assert.deepEqual(await client.closed, { code: 4000, reason: "enough" })
    const other = await connect(t, server.url)
    const [second] = server.connections
    second.terminate()
    assert.equal((await other.closed).code, 1006)
})

test("a port that is taken is named, with what to do", async t => {
    const server = await serve(t)
    await assert.rejects(
        startServer({ port: server.port }),
        (error: ListenError) =>
            error instanceof ListenError &&
            error.code === "EADDRINUSE" &&
            error.message.includes(`port ${server.port} `) &&
            error.message.includes("--port")
    )
})

test("a host that is not this machine is named", async () => {
    // 192.0.2.0/24 belongs to nobody (RFC 5737)
    await assert.rejects(
        startServer({ port: 0, host: "192.0.2.1" }),
        /192\.0\.2\.1 is not an address of this machine/
    )
})

test("IPv6 is in brackets in the URL and in the peer", async t => {
    const server = await serve(t, { host: "::1" })
    assert.equal(server.url, `ws://[::1]:${server.port}/ws`)
    const client = await connect(t, server.url)
    assert.equal(await client.askText("ab"), "ba")
    assert.match(server.seen[0].peer, /^\[::1\]:\d+$/)
})
