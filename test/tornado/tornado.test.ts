import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { WebSocket } from "ws"
import { once } from "../wire/wait.ts"
import { startTornado } from "./tornado.ts"

async function open(t: TestContext) {
    const tornado = await startTornado()
    t.after(() => tornado.stop())
    const ws = new WebSocket(tornado.url)
    t.after(() => ws.terminate())
    await once(ws, "open")
    const ask = async (message: string | Buffer) => {
        ws.send(message)
        const [data, isBinary] = await once(ws, "message")
        return { data: data as Buffer, isBinary }
    }
    return { tornado, ws, ask }
}

test("Tornado reverses text by code point", async t => {
    const { ask } = await open(t)
    for (const [text, reply] of [
        ["Hello world", "dlrow olleH"],
        ["a😀é", "é😀a"],
        ["", ""],
    ]) {
        const { data, isBinary } = await ask(text)
        assert.equal(data.toString(), reply)
        assert.equal(isBinary, false)
    }
})

test("Tornado reverses binary by byte, and it stays binary", async t => {
    const { ask } = await open(t)
    const { data, isBinary } = await ask(Buffer.from([0, 128, 255]))
    assert.deepEqual(data, Buffer.from([255, 128, 0]))
    assert.equal(isBinary, true)
})

test("Tornado tells of connections and messages, and closes them with 1001 at its end", async t => {
    const { tornado, ws, ask } = await open(t)
    await ask("ab")
    const closed = once(ws, "close")
    await tornado.stop()
    assert.equal((await closed)[0], 1001)
    assert.deepEqual(tornado.lines.slice(0, 3), [
        "new connection",
        "message received: 'ab'",
        "sending back message: 'ba'",
    ])
})

test("a port that is taken is named", async t => {
    const { tornado } = await open(t)
    await assert.rejects(
        startTornado(tornado.port),
        new RegExp(`cannot listen on port ${tornado.port}: Address already`)
    )
})
