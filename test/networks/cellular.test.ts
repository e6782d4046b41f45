import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import type { AddressInfo } from "node:net"
import { describe, test, type TestContext } from "node:test"
import { WebSocketServer, type WebSocket } from "ws"
import { once } from "../wire/wait.ts"
import { MAKES, start } from "./cellular-board.ts"

const program = "test/device/cellular-websocket.ts"
/** What the modem and its line really have. */
const REAL = { bridge: { pace: 1 }, modem: { pace: 1 } }

/** A WebSocket server of Node's most used library. */
async function listen(t: TestContext, handle: (socket: WebSocket) => void) {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
    server.on("connection", handle)
    await once(server, "listening")
    t.after(() => {
        for (const client of server.clients) client.terminate()
        server.close()
    })
    const { port } = server.address() as AddressInfo
    return { port, url: `ws://machine.lan:${port}/` }
}

function sendBack(socket: WebSocket) {
    socket.on("message", (data, binary) => socket.send(data, { binary }))
}

for (const make of MAKES)
    describe(make, () => {
        test("a thousand exchanges, all right, and no memory lost", async t => {
            const { port, url } = await listen(t, sendBack)
            const settings = { url, count: 1000 }
            const { board } = await start(t, make, { program, port, settings })
            await board.expect("at 100,")
            const before = board.heap()
            await board.expect("at 900,", 60_000)
            const after = board.heap()
            await board.expect("done 1000")
            t.diagnostic(
                `live heap: ${before.live} bytes at 100, ${after.live} at 900`
            )
            // what an exchange that is under way holds differs; a leak of 2 bytes an exchange is more
            assert.ok(Math.abs(after.live - before.live) < 1024)
        })

        test("a message of 1 MB comes back through constant memory", async t => {
            const sent = randomBytes(1024 * 1024)
            let compare: (reply: Buffer) => void
            const reply = new Promise<Buffer>(resolve => (compare = resolve))
            const { port, url } = await listen(t, socket => {
                socket.on("message", data => {
                    compare(data as Buffer)
                    socket.close(1000)
                })
                socket.send(sent)
            })
            const pace = 20
            const { board, bridge } = await start(t, make, {
                ...{ program, port },
                ...{ bridge: { pace }, modem: { pace } },
                settings: { url, mode: "stream" },
            })
            board.watchPeak()
            await board.expect(`echoed ${sent.length}`, 300_000)
            assert.ok((await reply).equals(sent))
            assert.equal(bridge.lost, 0)
            const { live } = board.peak()
            const bytes = bridge.sent + bridge.received
            t.diagnostic(
                `at most ${live} bytes of heap live, ${(bytes / sent.length).toFixed(2)} bytes on the line for each one`
            )
            assert.ok(live < 40_000)
        })

        test("bytes on the serial line for an exchange of 32", async t => {
            const { port, url } = await listen(t, sendBack)
            const { board, bridge } = await start(t, make, {
                ...REAL,
                ...{ program, port },
                settings: { url, count: 200 },
            })
            await board.expect("at 100,", 20_000)
            const before = bridge.sent + bridge.received
            const [, ms] = await board.expect(/at 200, (\d+) ms/, 20_000)
            const bytes = (bridge.sent + bridge.received - before) / 100
            const bound = (bytes * 10_000) / 115_200
            t.diagnostic(
                `${bytes} bytes, which take ${bound.toFixed(1)} ms at 115,200 baud; round trip ${Number(ms) / 100} ms`
            )
            assert.ok(bytes < 200)
        })
    })
