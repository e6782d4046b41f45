/** How connections between the client library on a board and the npm package `ws` end, and what comes after. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { serve, startClient } from "./client-peer.ts"

/** Two bytes of a Close frame's 125 are the code. */
const LONGEST = "r".repeat(123)

async function connected(t: TestContext, OPTIONS: object = {}) {
    const server = await serve(t)
    const settings = { URL: server.url, OPTIONS }
    const link = { queue: { writes: 1 } }
    const board = await startClient(t, "remote", settings, { link })
    return { server, board, peer: await server.next() }
}

for (const [code, reason] of [
    [1000, ""],
    [1000, "done"],
    [1001, "going away"],
    [1011, "süß 😀"],
    [1013, ""],
    [3000, "a"],
    [4999, LONGEST],
] as const)
    test(`the server closes with ${code} "${reason.slice(0, 20)}": the client tells, and answers with the code`, async t => {
        const { board, peer } = await connected(t)
        peer.socket.close(code, reason)
        await board.expect(`end ${code} "${reason}" clean`)
        await board.expect("closed")
        assert.equal((await peer.end()).code, code)
    })

test("the server closes without a code: 1005, and the answer has none either", async t => {
    const { board, peer } = await connected(t)
    peer.socket.close()
    await board.expect('end 1005 "" clean')
    assert.equal((await peer.end()).code, 1005)
})

for (const [order, code, reason] of [
    ["close", 1005, ""],
    ["close 1000", 1000, ""],
    ["close 1001 going", 1001, "going"],
    ["close 3000 ü", 3000, "ü"],
    [`close 4999 ${LONGEST}`, 4999, LONGEST],
] as const)
    test(`the client closes by "${order.slice(0, 20)}": the server gets code and reason`, async t => {
        const { board, peer } = await connected(t)
        peer.socket.send(`!${order}`)
        assert.deepEqual(await peer.end(), { code, reason })
        await board.expect(`end ${code} "`)
        await board.expect("closed")
    })

for (const order of ["close 1005", "close 1006", "close 999", "close 5000"])
    test(`"${order}" is refused on the spot, and the connection stays`, async t => {
        const { board, peer } = await connected(t)
        peer.socket.send(`!${order}`)
        await board.expect(/^can't: close: \d+, /)
        peer.socket.send("still here")
        await peer.expect("still here")
    })

test("what is queued goes out before the Close frame", async t => {
    const { board, peer } = await connected(t)
    await board.expect("open")
    board.link.once("sent", () => board.link.stall())
    peer.socket.send("!queue 13")
    await board.expect("closing")
    board.link.resume()
    for (let size = 1; size <= 4096; size *= 2)
        await peer.expect("x".repeat(size))
    assert.equal((await peer.end()).code, 1000)
})

test("1009: a message above the default limit of 4 KB is not taken", async t => {
    const { board, peer } = await connected(t)
    peer.socket.send(Buffer.alloc(4096))
    await peer.expect(Buffer.alloc(4096))
    peer.socket.send(Buffer.alloc(4097))
    assert.deepEqual(await peer.end(), {
        code: 1009,
        reason: "message too big",
    })
    await board.expect("ProtocolError: message too big")
    await board.expect(/^end 1009 ".*" torn$/)
})

test("1009: fragments that add up to too much, each of them small", async t => {
    const { peer } = await connected(t, { maxMessage: 100 })
    for (let i = 0; i < 11; i++)
        peer.socket.send(Buffer.alloc(10), { fin: false })
    assert.equal((await peer.end()).code, 1009)
})

test("1008: too many fragments, though they are empty", async t => {
    const { peer } = await connected(t, { maxFragments: 10 })
    for (let i = 0; i < 11; i++) peer.socket.send("", { fin: false })
    assert.equal((await peer.end()).code, 1008)
})

test("a server that vanishes: 1006", async t => {
    const { board, peer } = await connected(t)
    peer.socket.terminate()
    await board.expect('end 1006 "" torn')
    await board.expect("closed")
})

test("a restarted server gets what was sent while it was away, in order, and then what goes on", async t => {
    const first = await serve(t)
    const board = await startClient(t, "remote", {
        URL: first.url,
        OPTIONS: { reconnect: { initial: 20, max: 20, messages: 100 } },
        WHILE_DOWN: ["one", "two"],
    })
    await first.next()
    await first.stop()
    // the connection, then two attempts in vain
    for (let i = 0; i < 3; i++) await board.expect(/^again in \d+$/)
    const second = await serve(t, { port: first.port })
    const peer = await second.next()
    const downs = board.log.filter(({ text }) => text.startsWith("again in "))
    for (let i = 0; i < downs.length; i++)
        for (const text of ["one", "two"]) await peer.expect(text)
    peer.socket.send("and on")
    await peer.expect("and on")
})

test("beyond its limit the queue gives up the oldest messages, and tells which", async t => {
    const server = await serve(t)
    const board = await startClient(t, "remote", {
        URL: server.url,
        OPTIONS: {
            reconnect: { initial: 1, max: 1, messages: 2, drop: "oldest" },
        },
        WHILE_DOWN: ["one", "two", "three", "four"],
    })
    const first = await server.next()
    first.socket.terminate()
    await board.expect("dropped one: queue full")
    await board.expect("dropped two: queue full")
    const second = await server.next()
    await second.expect("three")
    await second.expect("four")
})

test("1008 from the server is its last word; other ends are not", async t => {
    const { server, board, peer } = await connected(t, {
        reconnect: { initial: 1, max: 1 },
    })
    peer.socket.close(1011)
    await board.expect("again in 0")
    const again = await server.next()
    again.socket.close(1008)
    await board.expect("end 1008")
    await board.expect("closed")
})
