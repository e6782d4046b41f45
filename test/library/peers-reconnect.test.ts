/** What users of other WebSocket clients for small devices complain about: connecting, and connecting again. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { HeapReport } from "../../sim/heap.ts"
import type { Board } from "../../sim/board.ts"
import { serve, soon, startClient } from "./client-peer.ts"
import { tcpPeer } from "../wire/tcp-server.ts"

const HOUR = 3_600_000

/** Another fiber of the program goes on. */
async function assertTicks(board: Board) {
    for (let i = 0; i < 20; i++) await board.expect(/^tick$/)
}

/** How often the log has a line. */
const count = ({ log }: Board, line: RegExp) =>
    log.filter(({ text }) => line.test(text)).length

test("Links2004 #326 #765, gilmaimon #55 #78: a connect that nothing answers does not freeze the program", async t => {
    const { url } = await serve(t)
    const board = await startClient(t, "remote", { URL: url, TICK: 5 })
    board.link.delay = HOUR
    await assertTicks(board)
    assert.equal(count(board, /^(open|end)/), 0)
})

test("Links2004 #326 #765: a handshake that nothing answers does not freeze the program", async t => {
    let asked = ""
    const port = await tcpPeer(t, socket =>
        socket.on("data", data => (asked += data))
    )
    const URL = `ws://127.0.0.1:${port}/`
    const board = await startClient(t, "remote", { URL, TICK: 5 })
    await assertTicks(board)
    assert.match(asked, /^GET /)
    assert.equal(count(board, /^(open|end)/), 0)
})

test("Links2004 #326: nor do attempts in vain and the pauses between them, and the connection comes back", async t => {
    const server = await serve(t)
    const OPTIONS = { reconnect: { initial: 5, max: 5 } }
    const settings = { URL: server.url, OPTIONS, TICK: 5 }
    const board = await startClient(t, "remote", settings)
    const peer = await server.next()
    await board.expect("open")
    board.link.refused = true
    peer.socket.terminate()
    await assertTicks(board)
    for (let i = 0; i < 3; i++) await board.expect(/^again in \d+$/)
    await assertTicks(board)
    board.link.refused = false
    const again = await server.next()
    again.socket.send("hello")
    await again.expect("hello")
})

const IMPATIENT = {
    heartbeat: { interval: 50, timeout: 1000 },
    closeTimeout: 50,
    handshakeTimeout: 1000,
    reconnect: { initial: 1, max: 1 },
}

/** A connection that ends quickly when nothing comes, and is made again. */
async function impatient(t: TestContext) {
    const server = await serve(t)
    const settings = { URL: server.url, OPTIONS: IMPATIENT }
    const board = await startClient(t, "remote", settings)
    const peer = await server.next()
    await board.expect("open")
    const comesBack = async () => {
        await board.expect("again in 0")
        await board.expect("open")
        const again = await server.next()
        again.socket.send("hello")
        await again.expect("hello")
    }
    return { board, peer, comesBack }
}

test("Links2004 #363 #237: a link that has gone silent is noticed, and replaced when it can be", async t => {
    const { board, comesBack } = await impatient(t)
    board.link.silence()
    await board.expect("StreamError: silent for 1050 ms")
    await board.expect('end 1006 "" torn')
    board.link.resume()
    await comesBack()
})

test("Links2004 #363: while the server answers Pings, silence of its program is none of the link", async t => {
    const { board, peer } = await impatient(t)
    for (let pings = 0; pings < 5; pings++) await soon(peer.socket, "ping")
    assert.equal(count(board, /^end/), 0)
})

test("esp-idf #14072: a connection that is reset is made again", async t => {
    const { board, comesBack } = await impatient(t)
    board.link.reset()
    await board.expect("StreamError: ")
    await comesBack()
})

test("esp-idf #10657: a server that says goodbye and leaves the connection open does not hold the client up", async t => {
    const { board, peer, comesBack } = await impatient(t)
    peer.tcp.pause()
    peer.tcp.write(Buffer.from([0x88, 2, 1001 >> 8, 1001 & 255]))
    await board.expect('end 1001 "" clean')
    await comesBack()
})

test("Links2004 #237: an attempt that hangs is given up, and another one follows", async t => {
    const server = await serve(t)
    const settings = { URL: server.url, OPTIONS: IMPATIENT }
    const board = await startClient(t, "remote", settings)
    board.link.stall()
    await board.expect("no connection within 1000 ms")
    board.link.resume()
    await board.expect("open")
})

/** Eight pauses, each a random part of a ceiling that doubles, and not one attempt before its pause is over. */
async function assertBacksOff(board: Board) {
    await board.expect(/^closed$/)
    const pauses = board.log.flatMap(({ text }) =>
        text.startsWith("again in ") ? Number(text.slice(9)) : []
    )
    const ceilings = [8, 16, 32, 64, 64, 64, 64, 64]
    assert.equal(pauses.length, ceilings.length)
    for (const [i, ceiling] of ceilings.entries())
        assert.ok(pauses[i] < ceiling, `pause ${pauses[i]} of ${ceiling} ms`)
    // eight times below a tenth of the ceiling: once in a hundred million runs
    assert.ok(ceilings.some((ceiling, i) => pauses[i] >= ceiling / 10))
    assert.equal(count(board, /^too early$/), 0)
}

const EIGHT_TIMES = { reconnect: { initial: 8, max: 64, attempts: 8 } }

test("Links2004 #404: connections that the server closes at once do not become a flood", async t => {
    const server = await serve(t, { greet: socket => socket.close() })
    const settings = { URL: server.url, OPTIONS: EIGHT_TIMES }
    const board = await startClient(t, "remote", settings)
    await assertBacksOff(board)
    assert.equal(server.peers.length, 9)
})

test("Links2004 #135: connections that are refused do not become a flood", async t => {
    const server = await serve(t)
    const settings = { URL: server.url, OPTIONS: EIGHT_TIMES }
    const board = await startClient(t, "remote", settings)
    let attempts = 0
    board.link.on("open", () => attempts++)
    board.link.refused = true
    await assertBacksOff(board)
    assert.equal(attempts, 9)
})

/** Connections until the heap has found its shape, and in all. */
const [EARLY, ALL] = [20, 200]

/** What live heap may vary by, and its largest free piece, in bytes: lengths of texts, the moment of the look. */
const [LIVE_SLACK, PIECE_SLACK] = [256, 2048]

/** Looks at the heap in each connection. */
class HeapWatch {
    private early: HeapReport | undefined
    /** In each connection */
    private readonly pieces: number[] = []

    constructor(private readonly board: Board) {}

    /** @throws AssertionError when more is live than in the early connection */
    look() {
        const heap = this.board.heap()
        this.pieces.push(heap.largest)
        if (this.pieces.length === EARLY) this.early = heap
        const { live } = this.early ?? heap
        assert.ok(
            heap.live <= live + LIVE_SLACK,
            `${heap.live} live, before ${live}`
        )
    }

    /**
     * A block of the moment may lie anywhere, so the best of several looks counts.
     * @throws AssertionError when in the last connections less is free in one piece than in those after the early one
     */
    assertWhole() {
        const before = Math.max(...this.pieces.slice(EARLY, 2 * EARLY))
        const last = Math.max(...this.pieces.slice(-EARLY))
        assert.ok(
            last >= before - PIECE_SLACK,
            `${last} free in one piece, before ${before}`
        )
    }
}

test("esp-protocols #1104, Links2004 #737: 200 reconnects leave nothing behind in the heap, and do not tear it", async t => {
    const server = await serve(t)
    const OPTIONS = { reconnect: { initial: 1, max: 1 } }
    const board = await startClient(t, "remote", { URL: server.url, OPTIONS })
    const heap = new HeapWatch(board)
    for (let i = 0; i < ALL; i++) {
        const peer = await server.next()
        peer.socket.send("hello".repeat(100))
        await peer.expect("hello".repeat(100))
        heap.look()
        if (i % 3 === 0) peer.socket.close(1011)
        else if (i % 3 === 1) peer.socket.terminate()
        else board.link.reset()
    }
    heap.assertWhole()
})

test("esp-protocols #1104: nor do 200 new WebSockets, a third of them refused", async t => {
    let requests = 0
    const server = await serve(t, {
        verifyClient: (_info, done) => done(++requests % 3 !== 0, 503),
        greet: socket => socket.send("hello"),
    })
    const board = await startClient(t, "again", { URL: server.url })
    const heap = new HeapWatch(board)
    for (let i = 0; i < ALL; i++) {
        const peer = await server.next()
        await peer.expect("hello")
        heap.look()
        await peer.end()
    }
    heap.assertWhole()
})
