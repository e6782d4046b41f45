/** The steerable link between a board and its server: what goes in, what comes out, and what its faults look like at both ends. */
import assert from "node:assert/strict"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { test, type TestContext } from "node:test"
import { seededRandom } from "../../lib/random.ts"
import { FaultLog } from "../hil/fault-log.ts"
import { Link } from "../hil/link.ts"
import { once } from "../wire/wait.ts"

/** Milliseconds for which an end waits for anything. */
const PATIENCE = 20_000

/** What one end of a connection got. */
class End {
    received = Buffer.alloc(0)
    /** Sizes of the pieces. */
    readonly pieces: number[] = []
    over?: "FIN" | "RST"
    private look = () => {}

    constructor(readonly socket: Socket) {
        socket.on("data", bytes => {
            this.received = Buffer.concat([this.received, bytes])
            this.pieces.push(bytes.length)
            this.look()
        })
        socket.on("end", () => this.ended("FIN"))
        socket.on("error", () => this.ended("RST"))
    }

    private ended(how: "FIN" | "RST") {
        this.over = how
        this.look()
    }

    /** Waits until `condition` holds. */
    until(condition: () => boolean): Promise<void> {
        return new Promise((resolve, reject) => {
            const give = () =>
                reject(
                    new Error(
                        `waited ${PATIENCE} ms, received "${this.received.subarray(0, 100)}", end ${this.over}`
                    )
                )
            const timer = setTimeout(give, PATIENCE)
            this.look = () => {
                if (!condition()) return
                clearTimeout(timer)
                resolve()
            }
            this.look()
        })
    }

    text(wanted: string): Promise<void> {
        return this.until(() => this.received.toString() === wanted)
    }

    end(): Promise<void> {
        return this.until(() => this.over !== undefined)
    }
}

async function setUp(t: TestContext) {
    const server = createServer({ allowHalfOpen: true })
    const arrived: End[] = []
    let arrive = () => {}
    server.on("connection", socket => {
        arrived.push(new End(socket))
        arrive()
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const faults = new FaultLog()
    const { port } = server.address() as AddressInfo
    const link = await Link.start({
        host: "127.0.0.1",
        target: () => port,
        seed: 1,
        faults,
    })
    const boards: End[] = []
    t.after(async () => {
        for (const { socket } of [...boards, ...arrived]) socket.destroy()
        await link.stop()
        await new Promise(resolve => server.close(resolve))
    })
    const dial = async () => {
        const socket = connect({
            port: link.port,
            host: "127.0.0.1",
            allowHalfOpen: true,
        })
        const board = new End(socket)
        boards.push(board)
        await once(socket, "connect")
        return board
    }
    const open = async () => {
        const coming = new Promise<void>(resolve => (arrive = resolve))
        const board = await dial()
        await coming
        return { board, peer: arrived.at(-1)! }
    }
    return { link, faults, dial, open, server }
}

test("bytes pass in both directions, and so does the end of each", async t => {
    const { open } = await setUp(t)
    const { board, peer } = await open()
    board.socket.end("to the server")
    await peer.text("to the server")
    await peer.end()
    assert.equal(peer.over, "FIN")
    peer.socket.end("and back")
    await board.text("and back")
    await board.end()
    assert.equal(board.over, "FIN")
})

test("a megabyte passes whole, whatever the link does to it", async t => {
    const { link, open } = await setUp(t)
    const data = Buffer.from(
        Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7) ^ (i >> 8))
    )
    for (const shape of [
        {},
        { latency: 5, jitter: 20 },
        { segment: 20_000 },
        { gather: 5 },
        { bandwidth: 4 << 20 },
    ]) {
        link.bend(shape)
        const { board, peer } = await open()
        board.socket.end(data)
        peer.socket.end(data)
        await Promise.all([peer.end(), board.end()])
        assert.ok(peer.received.equals(data), JSON.stringify(shape))
        assert.ok(board.received.equals(data), JSON.stringify(shape))
    }
})

test("latency holds everything back for at least as long", async t => {
    const { link, open } = await setUp(t)
    link.bend({ latency: 60, jitter: 40 })
    const { board, peer } = await open()
    const start = performance.now()
    board.socket.write("x")
    await peer.text("x")
    // timers may be a millisecond early
    assert.ok(performance.now() - start >= 59)
})

test("bandwidth is a limit", async t => {
    const { link, open } = await setUp(t)
    link.bend({ bandwidth: 10_000 })
    const { board, peer } = await open()
    const start = performance.now()
    board.socket.write(Buffer.alloc(2000))
    await peer.until(() => peer.received.length === 2000)
    // the last of the pieces need not have been paid for
    assert.ok(performance.now() - start >= 170)
    assert.ok(peer.pieces.length > 5)
})

test("segments of one byte arrive one by one", async t => {
    const { link, open } = await setUp(t)
    link.bend({ segment: 1 })
    const { board, peer } = await open()
    board.socket.write("one by one")
    await peer.text("one by one")
    assert.ok(peer.pieces.length >= 8, `${peer.pieces}`)
})

test("a gathering link makes one piece of several", async t => {
    const { link, open } = await setUp(t)
    link.bend({ gather: 100 })
    const { board, peer } = await open()
    for (const letter of "gathered") {
        board.socket.write(letter)
        await new Promise(setImmediate)
    }
    await peer.text("gathered")
    assert.ok(peer.pieces.length <= 2, `${peer.pieces}`)
})

test("one direction is silent, the other goes on, and what waited comes through later", async t => {
    const { link, open } = await setUp(t)
    const { board, peer } = await open()
    link.silence("down")
    peer.socket.write("unheard")
    board.socket.write("heard")
    await peer.text("heard")
    assert.equal(board.received.length, 0)
    link.resume()
    await board.text("unheard")
})

test("a silent link hides FIN and RST until it resumes", async t => {
    const { link, open } = await setUp(t)
    const first = await open()
    const second = await open()
    link.silence()
    first.board.socket.end("bye")
    second.board.socket.resetAndDestroy()
    await once(second.board.socket, "close")
    // what the link was going to pass on, it would have by now
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.equal(first.peer.over, undefined)
    assert.equal(second.peer.over, undefined)
    link.resume()
    await Promise.all([first.peer.end(), second.peer.end()])
    assert.equal(first.peer.received.toString(), "bye")
    assert.equal(first.peer.over, "FIN")
    assert.equal(second.peer.over, "RST")
})

test("of a board that loses power the server hears nothing, and connections to come are as always", async t => {
    const { link, open } = await setUp(t)
    const first = await open()
    link.darken()
    first.board.socket.end("last words")
    const second = await open()
    second.board.socket.end("hello")
    await second.peer.end()
    assert.equal(second.peer.received.toString(), "hello")
    assert.equal(first.peer.over, undefined)
    assert.equal(first.peer.received.length, 0)
})

test("a reset is one at both ends", async t => {
    const { link, open } = await setUp(t)
    const { board, peer } = await open()
    link.reset()
    await Promise.all([board.end(), peer.end()])
    assert.deepEqual([board.over, peer.over], ["RST", "RST"])
})

for (const direction of ["up", "down"] as const)
    test(`a reset after three bytes ${direction} lets exactly three through`, async t => {
        const { link, open } = await setUp(t)
        const { board, peer } = await open()
        const [from, to] = direction === "up" ? [board, peer] : [peer, board]
        from.socket.write("before")
        await to.text("before")
        link.resetAfter(direction, 3)
        from.socket.write("abcdef")
        await Promise.all([board.end(), peer.end()])
        assert.equal(to.received.toString(), "beforeabc")
    })

test("one byte is spoilt, at its place, in its direction, once", async t => {
    const { link, open } = await setUp(t)
    const { board, peer } = await open()
    link.corrupt("up", 4)
    board.socket.write("aaa")
    await peer.text("aaa")
    board.socket.write("aaa")
    peer.socket.write("aaaaaa")
    await peer.text("aaaa`a")
    await board.text("aaaaaa")
    board.socket.write("aaaaaa")
    await peer.text("aaaa`aaaaaaa")
})

test("connections are refused, those that exist stay, and later they are taken again", async t => {
    const { link, open, dial } = await setUp(t)
    const { board, peer } = await open()
    link.refuse()
    await assert.rejects(dial(), { code: "ECONNREFUSED" })
    board.socket.write("still here")
    await peer.text("still here")
    await link.open()
    const again = await open()
    again.board.socket.write("again")
    await again.peer.text("again")
})

test("a mute link takes connections and passes nothing on", async t => {
    const { link, open, dial } = await setUp(t)
    link.mute()
    const mute = await dial()
    mute.socket.write("anybody?")
    await link.open()
    const { board, peer } = await open()
    board.socket.write("hello")
    await peer.text("hello")
    assert.equal(mute.received.length, 0)
    assert.equal(mute.over, undefined)
})

test("where no server listens, the board sees its connection reset", async t => {
    const { dial, server } = await setUp(t)
    server.close()
    const board = await dial()
    await board.end()
    assert.equal(board.over, "RST")
})

test("the log of faults has what lasted, and what was but a moment", async t => {
    const { link, faults } = await setUp(t)
    link.silence("up")
    link.reset()
    link.resume()
    link.bend({ latency: 10 })
    const [silent, reset, bent] = faults.list
    assert.equal(silent.name, "silent up")
    assert.ok(silent.to! >= reset.from)
    assert.equal(reset.to, reset.from)
    assert.equal(bent.name, "link: latency 10")
    assert.equal(bent.to, undefined)
})

test("the same seed makes the same jitter", () => {
    const draw = (seed: number) => Array.from({ length: 3 }, seededRandom(seed))
    assert.deepEqual(draw(7), draw(7))
    assert.notDeepEqual(draw(7), draw(8))
})
