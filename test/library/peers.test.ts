/** What users of other WebSocket clients for small devices complain about: bytes on the wire. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test, type TestContext } from "node:test"
import type { LinkOptions } from "../../sim/link.ts"
import { serve, soon, startClient } from "./client-peer.ts"
import {
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Wiretap,
    type Frame,
} from "./client-wire.ts"

const FIN = 0x80

/** A server's frame, RFC 6455, 5.2, with up to 255 bytes of payload. */
function frame(head: number, payload: string | Buffer = ""): Buffer {
    const body = Buffer.from(payload)
    const { length } = body
    const start = length < 126 ? [head, length] : [head, 126, 0, length]
    return Buffer.concat([Buffer.from(start), body])
}

async function connected(
    t: TestContext,
    link: LinkOptions = {},
    OPTIONS: object = {}
) {
    const server = await serve(t)
    const settings = { URL: server.url, OPTIONS }
    const board = await startClient(t, "remote", settings, { link })
    const wire = new Wiretap(board.link)
    return { server, board, wire, peer: await server.next() }
}

test("micropython-lib #1012, Moddable #1695: a frame that is split across TCP reads, wherever that is", async t => {
    const { board, peer } = await connected(t)
    const data = randomBytes(130)
    const frames = Buffer.concat([
        frame(FIN | PING, "?"),
        frame(FIN | TEXT, "hé"),
        frame(FIN | BINARY, data),
    ])
    await board.expect("open")
    for (let cut = 1; cut < frames.length; cut++) {
        const pong = soon(peer.socket, "pong")
        const arrived = soon(board.link, "received")
        peer.tcp.write(frames.subarray(0, cut))
        await arrived
        peer.tcp.write(frames.subarray(cut))
        assert.equal(String((await pong)[0]), "?")
        await peer.expect("hé")
        await peer.expect(data)
    }
})

test("Moddable #1695: the code of a Close frame that is split across TCP reads", async t => {
    const close = frame(FIN | CLOSE, Buffer.from([4000 >> 8, 4000 & 255, 33]))
    for (let cut = 1; cut < close.length; cut++) {
        const { board, peer } = await connected(t)
        await board.expect("open")
        const arrived = soon(board.link, "received")
        peer.tcp.write(close.subarray(0, cut))
        await arrived
        peer.tcp.write(close.subarray(cut))
        await board.expect('end 4000 "!" ')
    }
})

// the reply of `ws` has 129 bytes
for (const piece of [1, 128, 129, 130, 131, 136, 1460])
    test(`zephyr #89193: frames glued behind the 101, in pieces of up to ${piece} bytes`, async t => {
        const server = await serve(t, {
            greet: socket => {
                socket.send("first")
                socket.ping("second")
                socket.send(Buffer.from("third"))
            },
        })
        const settings = { URL: server.url }
        const link = { piece }
        const board = await startClient(t, "remote", settings, { link })
        const [first] = await soon(board.link, "received")
        assert.equal(first.length, Math.min(piece, 129 + 7 + 8 + 7))
        const peer = await server.next()
        const pong = soon(peer.socket, "pong")
        await peer.expect("first")
        await peer.expect(Buffer.from("third"))
        assert.equal(String((await pong)[0]), "second")
    })

/** Ways to send nothing, and what comes back for it. */
const EMPTY: [what: string, frames: Buffer[], echo?: string | Buffer][] = [
    ["a Ping", [frame(FIN | PING)]],
    ["a Pong", [frame(FIN | PONG)]],
    ["a text", [frame(FIN | TEXT)], ""],
    ["a binary", [frame(FIN | BINARY)], Buffer.alloc(0)],
    ["two fragments", [frame(TEXT), frame(FIN | CONTINUATION)], ""],
    [
        "two fragments and a Ping",
        [frame(TEXT), frame(FIN | PING), frame(FIN | CONTINUATION)],
        "",
    ],
]

for (const [what, frames, echo] of EMPTY)
    for (const piece of [1, 1460])
        test(`zephyr #52327: ${what} of zero length, alone and before another frame, in pieces of up to ${piece} bytes`, async t => {
            const { peer } = await connected(t, { piece })
            const isPing = what.endsWith("Ping")
            const pong = isPing ? soon(peer.socket, "pong") : undefined
            peer.tcp.write(Buffer.concat(frames))
            if (echo !== undefined) await peer.expect(echo)
            await pong
            const next = frame(FIN | TEXT, "next")
            peer.tcp.write(Buffer.concat([...frames, next]))
            if (echo !== undefined) await peer.expect(echo)
            await peer.expect("next")
        })

/** The texts that the order `send` has sent, of 1, 2, 4, … bytes. */
const texts = (count: number) =>
    Array.from({ length: count }, (_, i) => "x".repeat(1 << i))

test("ESPAsyncWebServer #453: no frame is torn while the send buffer is full, Pongs included", async t => {
    const { board, wire, peer } = await connected(t, { queue: { writes: 1 } })
    let writes = 0
    board.link.on("sent", () => {
        if (++writes % 3) return
        board.link.stall()
        setTimeout(() => board.link.resume(), 5)
    })
    peer.socket.send("!send 14")
    for (let i = 0; i < 20; i++) peer.socket.ping(String(i))
    for (const text of texts(14)) await peer.expect(text)
    const frames = wire.frames()
    assert.deepEqual(messages(frames), texts(14))
    assert.ok(frames.some(({ opcode }) => opcode === PONG))
})

test("ESPAsyncWebServer #453: when a full send buffer breaks the link, the message comes whole over the next one", async t => {
    const link = { like: "picow", queue: { bytes: 3000 } } as const
    const OPTIONS = { reconnect: { initial: 1, max: 1, bytes: 8192 } }
    const { server, board, wire, peer } = await connected(t, link, OPTIONS)
    board.link.on("sent", ({ length }) => {
        if (length > 1000 && wire.count === 1) board.link.stall()
    })
    peer.socket.send("!send 13")
    await board.expect("StreamError:")
    await peer.expect("x")
    board.link.resume()
    const again = await server.next()
    await again.expect("x".repeat(2048))
    await again.expect("x".repeat(4096))
    // what the broken link had taken is lost: the text of 1,024 bytes
    assert.deepEqual(messages(wire.frames(0, true)), texts(11))
    assert.deepEqual(messages(wire.frames(1)), texts(13).slice(11))
})

for (const [what, ...frames] of [
    ["a continuation of nothing", frame(FIN | CONTINUATION, "a")],
    [
        "a continuation after the last fragment",
        frame(TEXT, "a"),
        frame(FIN | CONTINUATION, "b"),
        frame(FIN | CONTINUATION, "c"),
    ],
    ["a text inside a text", frame(TEXT, "a"), frame(FIN | TEXT, "b")],
    ["a binary inside a text", frame(TEXT, "a"), frame(BINARY, "b")],
    ["a Ping without FIN", frame(PING, "a")],
] as const)
    test(`esp-protocols #460, esp-idf #4974: ${what} is refused with 1002`, async t => {
        const { board, peer } = await connected(t)
        peer.tcp.write(Buffer.concat(frames))
        await board.expect("ProtocolError:")
        await board.expect(/^end 1002 ".*" torn$/)
        assert.equal((await peer.end()).code, 1002)
    })

test("esp-idf #4974: a long message goes out as one frame, though in many writes", async t => {
    const { wire, peer } = await connected(t)
    peer.socket.send("!send 14")
    for (const text of texts(14)) await peer.expect(text)
    const frames = wire.frames()
    assert.deepEqual(
        frames.map(({ fin, opcode }) => [fin, opcode]),
        texts(14).map(() => [true, TEXT])
    )
})

test("esp-protocols #460: FIN is on the last fragment only, and no other message comes between", async t => {
    const { wire, peer } = await connected(t)
    peer.socket.send("!slices")
    await peer.expect("onetwothree")
    await peer.expect("behind")
    const shown = wire
        .frames()
        .map(({ fin, opcode, payload }) => `${opcode} ${fin} ${payload}`)
    assert.deepEqual(shown, [
        `${TEXT} false one`,
        `${CONTINUATION} false two`,
        `${CONTINUATION} true three`,
        `${TEXT} true behind`,
    ])
})

test("esp-idf #3890 #4138: every frame is masked, control frames and empty ones too, each with a key of its own", async t => {
    const { board, wire, peer } = await connected(t)
    for (const data of ["", "text", Buffer.from("binary")]) {
        peer.socket.send(data)
        await peer.expect(data)
        const pong = soon(peer.socket, "pong")
        peer.socket.ping(data)
        await pong
    }
    peer.socket.send("!ping")
    await board.expect(/^pong/)
    peer.socket.send("!slices")
    await peer.expect("onetwothree")
    await peer.expect("behind")
    peer.socket.send("!close")
    await peer.end()
    const frames = wire.frames()
    const sent = new Set(frames.map(({ opcode }) => opcode))
    const all = [TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE]
    assert.deepEqual(
        all.filter(opcode => !sent.has(opcode)),
        []
    )
    for (const { isMasked, reserved } of frames)
        assert.deepEqual([isMasked, reserved], [true, 0])
    const keys = new Set(frames.map(({ key }) => key.toString("hex")))
    assert.equal(keys.size, frames.length)
})

/** The texts in frames that have no fragments. */
function messages(frames: Frame[]): string[] {
    return frames
        .filter(({ fin, opcode }) => fin && opcode === TEXT)
        .map(({ payload }) => payload.toString())
}
