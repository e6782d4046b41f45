/** How much compression and inflation a client may have before others have their turn. */
import assert from "node:assert/strict"
import { setImmediate as nextTurn } from "node:timers/promises"
import { test } from "node:test"
import { Compression } from "../../server/websocket/compression.ts"
import { agreeOnDeflate } from "../../server/websocket/deflate-offer.ts"
import { TurnBudget } from "../../server/websocket/turn-budget.ts"
import { deflated } from "../wire/deflated.ts"
import { BINARY, frame } from "../wire/frames.ts"
import { once } from "../wire/wait.ts"
import { connect, handshake, serve, tcp } from "./peers.ts"

/** 64 KB, in 78 bytes. */
const ZEROS = Buffer.alloc(65_536)
const BOMB = deflated(ZEROS)
/** As many as a room lets somebody send at once. */
const COUNT = 150

test("a client whose messages are bombs within the limit does not keep others waiting", async t => {
    const server = await serve(t, { mode: "relay", compress: true })
    const { ws } = await connect(t, `ws://127.0.0.1:${server.port}/room/b`)
    const attacker = await tcp(t, server.port)
    attacker.write(
        handshake(
            { "Sec-WebSocket-Extensions": "permessage-deflate" },
            "GET /room/a HTTP/1.1"
        )
    )
    await once(attacker, "data")
    const [bystander, other] = server.connections
    const first = once(server.events, "message")
    const bombs = Array<Buffer>(COUNT).fill(
        frame(BINARY, BOMB, { masked: true, rsv: 4 })
    )
    attacker.write(Buffer.concat(bombs))
    await first
    ws.send("x")
    while (!bystander.received) await once(server.events, "message")
    // four a turn; the bystander's message takes some turns to come
    assert.ok(other.received < 40, `${other.received} came before`)
    while (other.received < COUNT) await once(server.events, "message")
})

test("replies beyond what a turn allows are not compressed, and those of the next turn are", async () => {
    let compressed = 0
    const compression = new Compression(
        agreeOnDeflate("permessage-deflate")!,
        { maxMessage: 1 << 20, count: () => compressed++ },
        code => assert.fail(`closed with ${code}`)
    )
    while (compression._threshold < Infinity)
        compression.compress(ZEROS, true, () => {})
    assert.equal(compressed, 4)
    await nextTurn()
    assert.equal(compression._threshold, 128)
})

test("a budget is spent in a turn, and is there again in the next", async () => {
    const budget = new TurnBudget(10)
    for (let turn = 0; turn < 3; ++turn) {
        budget.spend(9)
        assert.equal(budget.isExhausted, false)
        budget.spend(1)
        assert.equal(budget.isExhausted, true)
        await nextTurn()
        assert.equal(budget.isExhausted, false)
    }
})
