/** The echo program on a simulated board against Tornado's reversing server. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { Board } from "../../sim/board.ts"
import { startTornado } from "./tornado.ts"

/** How long 1,000 exchanges may take, in milliseconds; 10 ms each is the least. */
const PATIENCE = 120_000

async function start(
    t: TestContext,
    url: string,
    settings: Record<string, unknown>
): Promise<Board> {
    const board = await Board.start("src/main.ts", {
        settings: { URL: url, INTERVAL: 10, SUMMARY: 0, ...settings },
    })
    t.after(() => board.stop())
    return board
}

test("1000 exchanges in characters of 1 to 4 bytes, then a close from both sides", async t => {
    const tornado = await startTornado()
    t.after(() => tornado.stop())
    const settings = { COUNT: 1000, MESSAGE: "{n} é漢😀" }
    const board = await start(t, tornado.url, settings)
    await board.expect(
        "summary sent=1000 right=1000 wrong=0 lost=0 late=0 reconnects=0 ",
        PATIENCE
    )
    await board.expect(/^closed 1000 ""$/)
    await tornado.stop()
    const { lines } = tornado
    assert.equal(lines.length, 2002)
    assert.equal(lines.at(-3), "message received: '1000 é漢😀'")
    assert.equal(lines.at(-2), "sending back message: '😀漢é 0001'")
    assert.equal(lines.at(-1), "connection closed: 1000")
})

test("Tornado goes away and comes back: so does the program", async t => {
    const first = await startTornado()
    t.after(() => first.stop())
    const board = await start(t, first.url, { COUNT: 0 })
    await board.expect(/^right 5 /)
    await first.stop()
    await board.expect(/^down 1001 "server is shutting down" again in \d+ ms$/)
    const second = await startTornado(first.port)
    t.after(() => second.stop())
    await board.expect("open 2")
    await board.expect(/^right \d+ /)
})
