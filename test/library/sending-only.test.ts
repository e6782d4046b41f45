/** Programs that only send: a server's Pings are answered although they never read. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { Board } from "../../sim/board.ts"
import { compileSource } from "../../sim/program.ts"
import { serve, soon } from "./client-peer.ts"

const ROOT = join(import.meta.dirname, "../..")
const PINGS = 10

/** How a program gets its connection, as somebody would who knows nothing of Pings. */
const WAYS = {
    "listen without handlers": `
const ws = await connectOver(dialNative, url)
listen(ws)
const send = async (reading: string) => await ws.send(reading)`,
    reconnecting: `
const ws = reconnecting(async () => await connectOver(dialNative, url))
const send = async (reading: string) => await ws.send(reading)`,
    "the WebSocket of a browser": `
const ws = new WebSocket(url)
while (ws.readyState === CONNECTING) await sleep(1)
const send = async (reading: string) => ws.send(reading)`,
}

/** Starts a program that sends a reading over and over. */
async function start(t: TestContext, url: string, way: string) {
    const source = `
import { sleep } from "./src/fiber/clock"
import { dialNative } from "./src/net/native"
import { connectOver } from "./src/websocket/connect-over"
import { listen } from "./src/websocket/listen"
import { reconnecting } from "./src/websocket/reconnecting"
import { CONNECTING, WebSocket } from "./src/websocket/web-socket"
const url = "${url}"
${way}
try {
    for (let i = 0; ; ++i) {
        await send("reading " + i)
        await sleep(5)
    }
} catch (e: any) {
    console.log("ended: " + e.message)
}`
    const board = await Board.start(
        compileSource(source, join(ROOT, "sending-only.ts"))
    )
    t.after(() => board.stop())
    return board
}

for (const [name, way] of Object.entries(WAYS))
    test(`${name}: over ${PINGS} of the server's Pings`, async t => {
        const server = await serve(t)
        await start(t, server.url, way)
        const peer = await server.next()
        for (let i = 0; i < PINGS; i++) {
            const pong = soon(peer.socket, "pong")
            peer.socket.ping(`${i}`)
            const [payload] = (await pong) as [Buffer]
            assert.equal(payload.toString(), `${i}`)
        }
        const { data } = await peer.message()
        assert.equal(data.toString(), "reading 0")
        assert.equal(server.peers.length, 1)
    })

test("a connection that nobody reads answers none, and says so when the server gives it up", async t => {
    const server = await serve(t)
    const board = await start(
        t,
        server.url,
        `
const ws = await connectOver(dialNative, url)
const send = async (reading: string) => await ws.send(reading)`
    )
    const peer = await server.next()
    peer.socket.on("pong", () => assert.fail("somebody reads"))
    peer.socket.ping()
    for (let i = 0; i < 2 * PINGS; i++) await peer.message()
    peer.socket.terminate()
    await board.expect("ended: not read")
})

test("a connection that somebody reads does not say so", async t => {
    const server = await serve(t)
    const board = await start(t, server.url, WAYS["listen without handlers"])
    const peer = await server.next()
    for (let i = 0; i < PINGS; i++) await peer.message()
    peer.socket.terminate()
    const [, reason] = await board.expect(/^ended: (.*)/)
    assert.notEqual(reason, "not read")
})
