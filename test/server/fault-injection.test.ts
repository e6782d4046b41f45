import assert from "node:assert/strict"
import { test } from "node:test"
import { connect, serve } from "./peers.ts"
import { once } from "../wire/wait.ts"

test("a reply is dropped, and only that one", async t => {
    const server = await serve(t, { mode: "echo", faults: { drop: 2 } })
    const client = await connect(t, server.url)
    for (const text of ["1", "2", "3"]) client.ws.send(text)
    assert.equal((await client.receive()).data.toString(), "1")
    assert.equal((await client.receive()).data.toString(), "3")
})

test("replies wait, and keep their order", async t => {
    const server = await serve(t, { mode: "echo", faults: { delay: 50 } })
    const client = await connect(t, server.url)
    for (const text of ["1", "2"]) client.ws.send(text)
    assert.equal((await client.receive()).data.toString(), "1")
    assert.equal((await client.receive()).data.toString(), "2")
    const order = server.seen.map(({ event }) => event)
    assert.deepEqual(order, [
        "connection",
        "message",
        "message",
        "reply",
        "reply",
    ])
})

test("a reply that waits for a client that has gone is forgotten", async t => {
    const server = await serve(t, { faults: { delay: 50 } })
    const client = await connect(t, server.url)
    const ended = once(server.events, "close")
    client.ws.send("x")
    client.ws.close()
    await ended
    const other = await connect(t, server.url)
    assert.equal(await other.askText("ab"), "ba")
    const replies = server.seen.filter(({ event }) => event === "reply")
    assert.equal(replies.length, 1)
})

test("the connection is closed after so many messages, on each connection anew", async t => {
    const close = { after: 2, code: 1011, reason: "on purpose" }
    const server = await serve(t, { faults: { close } })
    for (let round = 0; round < 2; round++) {
        const client = await connect(t, server.url)
        assert.equal(await client.askText("ab"), "ba")
        assert.equal(await client.askText("cd"), "dc")
        const { code, reason } = await client.closed
        assert.deepEqual({ code, reason }, { code: 1011, reason: "on purpose" })
    }
})

test("pings stay without a pong", async t => {
    const server = await serve(t, { faults: { noPong: true } })
    const client = await connect(t, server.url)
    client.ws.on("pong", () => assert.fail("a pong came"))
    client.ws.ping()
    // a pong would come before the reply
    assert.equal(await client.askText("ab"), "ba")
})

test("without the fault a ping gets its pong", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    const pong = once(client.ws, "pong")
    client.ws.ping("payload")
    assert.equal(String((await pong)[0]), "payload")
})
