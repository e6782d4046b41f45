/** What users of other WebSocket clients for small devices complain about: closing, and the board's one socket. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { Board } from "../../sim/board.ts"
import { serve, startClient, type Server } from "./client-peer.ts"
import { tcpPeer } from "../wire/tcp-server.ts"

const RECONNECT = { reconnect: { initial: 1, max: 1 }, closeTimeout: 100 }
const LONG_PAUSE = { reconnect: { initial: 3_600_000, max: 3_600_000 } }

interface Settings {
    /** Where the client closes itself. */
    AT: string
    /** From how many fibers at once; 0: from the handler of the event. */
    FIBERS: number
    OPTIONS?: object
}

/** Starts a client, which is to come to its end once, and not to connect again; the program goes on. */
async function assertCloses(
    t: TestContext,
    url: string,
    settings: Settings,
    prepare: (board: Board) => void = () => {}
) {
    const { AT, FIBERS } = settings
    const board = await startClient(
        t,
        "close",
        { URL: url, OPTIONS: RECONNECT, ...settings },
        { link: { queue: { writes: 3 } } }
    )
    let dials = 0
    board.link.on("open", () => dials++)
    prepare(board)
    await board.expect(`closing at ${AT}`)
    for (let i = 0; i < Math.max(FIBERS, 1); i++) await board.expect(/^closed$/)
    await board.expect(/^StreamError: /)
    await board.expect("alive")
    const ends = board.log.filter(({ text }) => /^end \d+$/.test(text))
    assert.deepEqual([ends.length, dials], [1, 1])
    return board
}

/** From the sixth write on the link takes no more. */
function stalls({ link }: Board) {
    let writes = 0
    link.on("sent", () => {
        if (++writes === 5) link.stall()
    })
}

const LIFE = ["dialing", "dialed", "requested", "replied"]
const EVENTS = ["open", "message"]

const FROM = ["its handler", "a fiber", "two fibers at once"]

/** A server that speaks first. */
const serveTalker = (t: TestContext): Promise<Server> =>
    serve(t, { greet: socket => socket.send("hello") })

for (const AT of [...LIFE, ...EVENTS])
    for (const FIBERS of [1, 2])
        test(`esp-protocols #1096 #841: close at "${AT}" from ${FROM[FIBERS]} ends it for good`, async t => {
            const { url } = await serveTalker(t)
            await assertCloses(t, url, { AT, FIBERS })
        })

for (const AT of EVENTS)
    test(`esp-protocols #751: close in the handler of "${AT}", which waits for it, ends it for good`, async t => {
        const { url } = await serveTalker(t)
        await assertCloses(t, url, { AT, FIBERS: 0 })
    })

for (const FIBERS of [0, 1, 2])
    test(`esp-protocols #751: close when the connection has just ended, from ${FROM[FIBERS]}`, async t => {
        const { url } = await serve(t, { greet: socket => socket.terminate() })
        const settings = { AT: "end", FIBERS, OPTIONS: LONG_PAUSE }
        await assertCloses(t, url, settings)
    })

for (const AT of ["dialed", "requested"])
    test(`close at "${AT}" of a server that never answers`, async t => {
        const port = await tcpPeer(t, () => {})
        const url = `ws://127.0.0.1:${port}/`
        const OPTIONS = { ...RECONNECT, handshakeTimeout: 500 }
        await assertCloses(t, url, { AT, FIBERS: 2, OPTIONS })
    })

test("esp-protocols #1096: close after a connection that failed at once", async t => {
    const { url } = await serve(t)
    const settings = { AT: "error", FIBERS: 1, OPTIONS: LONG_PAUSE }
    await assertCloses(t, url, settings, ({ link }) => (link.refused = true))
})

for (const [what, OPTIONS] of [
    ["with reconnection", RECONNECT],
    ["without reconnection", { closeTimeout: 100 }],
] as const)
    for (const FIBERS of [1, 2])
        test(`close while a send waits for a link that takes no more, ${what}, from ${FROM[FIBERS]}`, async t => {
            const { url } = await serve(t)
            const settings = { AT: "blocked", FIBERS, OPTIONS }
            const board = await assertCloses(t, url, settings, stalls)
            const failed = board.log.some(({ text }) =>
                text.startsWith("flood: ")
            )
            assert.ok(failed, "the sender is told")
        })

test("devicescript #414 #664: one socket for two is an error for the second, and nothing for the first", async t => {
    const server = await serve(t)
    const { port } = server
    const board = await startClient(t, "socket", { PORT: port })
    const name = `tcp://127.0.0.1:${port}`
    await board.expect(`second WebSocket: ${name} has the board's only socket`)
    await board.expect(
        `TCP beside a WebSocket: ${name} has the board's only socket`
    )
    const peer = await server.next()
    await peer.expect("still here")
    peer.socket.send("and answered")
    await board.expect("and answered")
    await board.expect("TCP after a WebSocket: connected")
    await board.expect(
        `WebSocket beside TCP: ${name}: the board's only socket is in use`
    )
    await board.expect("HTTP/1.1 426")
    await board.expect("WebSocket after TCP: connected")
    assert.equal(server.peers.length, 2)
})
