/** Compressed messages between the client library on a board and the npm package `ws`. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { test, type TestContext } from "node:test"
import { EchoBoard } from "../../tools/simulator/echo-board.ts"
import { serve } from "./client-peer.ts"

const TEXT = readFileSync("docs/api.md", "utf8")

/** Texts that resemble each other, as a sensor sends them. */
const TELEMETRY = Array.from({ length: 5 }, (_, i) =>
    JSON.stringify({
        device: "kitchen",
        seq: 1000 + i,
        temperature: 20 + i / 10,
        state: i % 3 ? "running" : "idle",
    })
)

const MESSAGES = [
    "",
    "a",
    ...TELEMETRY,
    TEXT.slice(0, 3000),
    randomBytes(1500),
    Buffer.alloc(2000),
]

async function echoBoard(t: TestContext) {
    const echo = await EchoBoard.start()
    t.after(() => echo.stop())
    return echo
}

for (const serverMaxWindowBits of [8, 9, 11, 13])
    test(`messages come back unchanged by every combination of parameters with ${serverMaxWindowBits} bits for the server's window`, async t => {
        const server = await serve(t, { perMessageDeflate: { threshold: 0 } })
        const echo = await echoBoard(t)
        for (const clientMaxWindowBits of [8, 10, 12])
            for (const takeovers of [0, 1, 2, 3]) {
                const deflate = {
                    serverMaxWindowBits,
                    clientMaxWindowBits,
                    serverNoContextTakeover: (takeovers & 1) > 0,
                    clientNoContextTakeover: (takeovers & 2) > 0,
                    threshold: 0,
                }
                const end = echo.open(server.url, { deflate })
                const peer = await server.next()
                assert.equal(peer.socket.extensions, "permessage-deflate")
                for (const message of MESSAGES) {
                    peer.socket.send(message)
                    await peer.expect(message)
                }
                peer.socket.close(1000)
                const { code, error } = await end
                assert.deepEqual({ code, error }, { code: 1000, error: null })
            }
    })

test("a message of 1 MB comes back in slices, be it text, zeros or noise", async t => {
    const server = await serve(t, {
        perMessageDeflate: { threshold: 0 },
        maxPayload: 2 ** 21,
    })
    const echo = await echoBoard(t)
    const end = echo.open(server.url, { deflate: {} })
    const peer = await server.next()
    const size = 2 ** 20
    for (const message of [
        TEXT.repeat(1 + size / TEXT.length).slice(0, size),
        Buffer.alloc(size),
        randomBytes(size),
    ]) {
        const arrived = once(peer.socket, "message", {
            signal: AbortSignal.timeout(120_000),
        })
        peer.socket.send(message)
        await arrived
        await peer.expect(message)
    }
    peer.socket.close(1000)
    assert.equal((await end).messages, 3)
})
