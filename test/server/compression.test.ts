/** permessage-deflate frame by frame (RFC 7692): what is answered, and how what is wrong ends. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import type { Socket } from "node:net"
import { test, type TestContext } from "node:test"
import { deflateRawSync } from "node:zlib"
import type { ServerOptions } from "../../server/options.ts"
import { deflated } from "../wire/deflated.ts"
import {
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    frame,
    type FrameOptions,
} from "../wire/frames.ts"
import { once } from "../wire/wait.ts"
import { json } from "./compression-data.ts"
import { connect, handshake, serve, tcp } from "./peers.ts"

/** The client keeps its context. */
const KEEPS = "permessage-deflate; client_max_window_bits"
/** It has to forget it. */
const FORGETS = "permessage-deflate"

const MASKED = { masked: true }
const RSV1 = { masked: true, rsv: 4 }

/** The frame of a compressed message, or its first. */
const packed = (payload: Uint8Array | string, options?: FrameOptions) =>
    frame(TEXT, payload, { ...RSV1, ...options })
const plain = (payload: string) => frame(TEXT, payload, MASKED)
const continuation = (payload: Uint8Array | string, fin = true) =>
    frame(CONTINUATION, payload, { ...MASKED, fin })
const hex = (digits: string) => Buffer.from(digits.replaceAll(" ", ""), "hex")

/** @returns a socket whose handshake is answered */
async function speak(
    t: TestContext,
    offer: string | undefined,
    options: ServerOptions = {}
): Promise<Socket> {
    const { port } = await serve(t, {
        mode: "echo",
        compress: true,
        closeTimeout: 200,
        ...options,
    })
    const socket = await tcp(t, port)
    socket.write(handshake({ "Sec-WebSocket-Extensions": offer }))
    await once(socket, "data")
    return socket
}

/** "Hello" in all the ways of RFC 7692 section 7.2.3, and some more: payloads of messages, and what they are. */
const READABLE: Record<string, [payloads: Buffer[], texts: string[]]> = {
    "one block": [[hex("f248cdc9c907 00")], ["Hello"]],
    "a block without compression": [
        [hex("000500faff 48656c6c6f 00")],
        ["Hello"],
    ],
    "two blocks": [[hex("f24805 000000ffff cac9c907 00")], ["Hello"]],
    "a final block": [[hex("f348cdc9c907 00 00")], ["Hello"]],
    "a final block with nothing behind": [[hex("f348cdc9c907 00")], ["Hello"]],
    "a final block, then more": [
        [Buffer.concat([deflateRawSync("one, "), deflated("two")])],
        ["one, two"],
    ],
    "a final block that the next one refers to": [
        [
            Buffer.concat([
                deflateRawSync("Hello"),
                hex("f3001100"),
                deflateRawSync(" again"),
                hex("00"),
            ]),
        ],
        ["HelloHello again"],
    ],
    "nothing, compressed": [[hex("00")], [""]],
    "no byte at all": [[hex("")], [""]],
}

const CONTEXT: typeof READABLE = {
    "a reference to the message before": [
        [hex("f248cdc9c90700"), hex("f200110000")],
        ["Hello", "Hello"],
    ],
    "a reference past an empty message": [
        [hex("f248cdc9c90700"), hex("00"), hex("f200110000")],
        ["Hello", "", "Hello"],
    ],
    "a reference to a message with a final block": [
        [hex("f348cdc9c9070000"), hex("f200110000")],
        ["Hello", "Hello"],
    ],
}

const asFrames = (texts: string[]) =>
    texts.map(text => frame(TEXT, text).toString("latin1")).join("")

for (const offer of [KEEPS, FORGETS])
    for (const [name, [payloads, texts]] of Object.entries(
        offer === KEEPS ? { ...READABLE, ...CONTEXT } : READABLE
    ))
        test(`${offer}: ${name} is read`, async t => {
            const socket = await speak(t, offer)
            const answer = once(socket, "data")
            socket.write(
                Buffer.concat(payloads.map(payload => packed(payload)))
            )
            const [bytes] = await answer
            assert.equal(bytes.toString("latin1"), asFrames(texts))
        })

test("messages that are not compressed are no part of the context", async t => {
    const socket = await speak(t, KEEPS)
    const answer = once(socket, "data")
    socket.write(
        Buffer.concat([
            packed(hex("f248cdc9c90700")),
            plain("other"),
            packed(hex("f200110000")),
        ])
    )
    const [bytes] = await answer
    assert.equal(
        bytes.toString("latin1"),
        asFrames(["Hello", "other", "Hello"])
    )
})

test("a message in fragments, a Ping between them, and more behind it are answered in order and in one piece", async t => {
    const socket = await speak(t, FORGETS)
    const answer = once(socket, "data")
    const first = deflated("first")
    const long = json(1000)
    socket.write(
        Buffer.concat([
            packed(first.subarray(0, 2), { fin: false }),
            frame(PING, "p", MASKED),
            continuation("", false),
            continuation(first.subarray(2)),
            plain("second"),
            packed(deflated(long)),
            packed(deflated("fourth")),
        ])
    )
    const [bytes] = (await answer) as [Buffer]
    const before = "\x8a\x01p\x81\x05first\x81\x06second"
    assert.equal(bytes.toString("latin1", 0, before.length), before)
    // FIN, RSV1 and text: the long one is compressed, behind it one that is not
    assert.equal(bytes[before.length], 0xc1)
    assert.equal(bytes.toString("latin1").slice(-8), "\x81\x06fourth")
    assert.ok(bytes.length < long.length)
})

/** @returns the code of the Close frame that answers them, alone */
async function closeCodeFor(
    t: TestContext,
    frames: Buffer[],
    offer: string | undefined,
    options?: ServerOptions
): Promise<number> {
    const socket = await speak(t, offer, options)
    const chunks: Buffer[] = []
    socket.on("data", chunk => chunks.push(chunk))
    socket.write(Buffer.concat(frames))
    await once(socket, "close")
    const answer = Buffer.concat(chunks)
    assert.equal(answer[0], 0x80 | CLOSE)
    return answer.readUInt16BE(2)
}

const whole = deflated(json(1000))
const cut = whole.subarray(0, whole.length >> 1)
const bomb = deflated(Buffer.alloc(8 << 20))

const WRONG: Record<number, Record<string, Buffer[]>> = {
    1002: {
        "RSV1 on a Ping": [frame(PING, "", RSV1)],
        "RSV1 on a Pong": [frame(PONG, "", RSV1)],
        "RSV1 on a Close frame": [frame(CLOSE, "", RSV1)],
        "RSV1 on a continuation of a compressed message": [
            packed(cut, { fin: false }),
            frame(CONTINUATION, whole.subarray(cut.length), RSV1),
        ],
        "RSV1 on a continuation of another message": [
            frame(TEXT, "x", { ...MASKED, fin: false }),
            frame(CONTINUATION, "y", RSV1),
        ],
        "RSV1 on a Ping within a compressed message": [
            packed(cut, { fin: false }),
            frame(PING, "", RSV1),
        ],
        RSV2: [packed(whole, { rsv: 2 })],
        RSV3: [packed(whole, { rsv: 1 })],
        "RSV1 and RSV2": [packed(whole, { rsv: 6 })],
        "RSV1 and RSV3": [packed(whole, { rsv: 5 })],
    },
    1007: {
        "a stream that is cut off": [packed(cut)],
        "a stream without its last byte": [packed(whole.subarray(0, -1))],
        "a stream without its last fragment": [
            packed(cut, { fin: false }),
            continuation(""),
        ],
        "a stream behind a whole one that is cut off": [
            packed(Buffer.concat([deflateRawSync("x"), cut])),
        ],
        "a block of the reserved type": [packed(hex("07"))],
        "a block without compression whose length is wrong": [
            packed(hex("000500faf0 48656c6c6f 00")),
        ],
        "a reference to before the message": [packed(hex("f200110000"))],
        noise: [packed(Buffer.alloc(100, 0xff))],
        "too many final blocks": [
            packed(Buffer.concat(Array(65).fill(deflateRawSync("x")))),
        ],
        "a text that is not UTF-8": [packed(deflated(hex("c0af")))],
    },
    1009: {
        "a bomb": [packed(bomb)],
        "a bomb of binary data": [frame(BINARY, bomb, RSV1)],
        "a bomb in fragments": [
            packed(bomb.subarray(0, 1000), { fin: false }),
            continuation(bomb.subarray(1000, 2000), false),
            continuation(bomb.subarray(2000)),
        ],
        "a bomb behind a final block": [
            packed(Buffer.concat([deflateRawSync("x"), bomb])),
        ],
        "many blocks of nothing": [
            packed(Buffer.concat(Array(300_000).fill(hex("000000ffff")))),
        ],
        "a longer message without compression": [
            frame(BINARY, Buffer.alloc((1 << 20) + 1), MASKED),
        ],
    },
}

for (const [code, cases] of Object.entries(WRONG))
    for (const [name, frames] of Object.entries(cases))
        test(`${name} ends with ${code}`, async t =>
            assert.equal(await closeCodeFor(t, frames, FORGETS), Number(code)))

for (const offer of [undefined, "permessage-deflate; server_max_window_bits=7"])
    test(`RSV1 ends with 1002 after an offer of ${offer ?? "nothing"}`, async t =>
        assert.equal(await closeCodeFor(t, [packed(whole)], offer), 1002))

test("a client cannot refer to more than the last 2 KB of its messages", async t => {
    const noise = randomBytes(1100).toString("hex")
    const far = deflateRawSync(noise.slice(0, 30), {
        dictionary: Buffer.from(noise),
    })
    const socket = await speak(t, KEEPS)
    const echo = once(socket, "data")
    socket.write(packed(deflated(noise)))
    await echo
    const end = once(socket, "data")
    socket.write(packed(far))
    const [bytes] = (await end) as [Buffer]
    assert.equal(bytes.readUInt16BE(2), 1007)
})

for (const size of [1000, 65_536, 1 << 20]) {
    const ask = async (t: TestContext, noise: Buffer) => {
        const { url } = await serve(t, {
            mode: "echo",
            compress: true,
            maxMessage: size,
        })
        const client = await connect(t, url, {
            perMessageDeflate: { threshold: 0 },
        })
        client.ws.send(noise)
        return client
    }
    test(`noise as long as a message may be, ${size} bytes, passes though compression makes it longer`, async t => {
        const noise = randomBytes(size)
        const { receive } = await ask(t, noise)
        assert.ok((await receive()).data.equals(noise))
    })
    test(`noise of ${size + 1} bytes ends with 1009`, async t => {
        const { closed } = await ask(t, randomBytes(size + 1))
        assert.equal((await closed).code, 1009)
    })
}

test("the header of a message that is too long ends it for a client that does not compress", async t => {
    const long = frame(BINARY, Buffer.alloc((1 << 20) + 1), MASKED)
    assert.equal(await closeCodeFor(t, [long.subarray(0, 14)], undefined), 1009)
})

test("without the option nothing is agreed on", async t => {
    const { url } = await serve(t, { mode: "echo" })
    const { ws, askText } = await connect(t, url)
    assert.equal(ws.extensions, "")
    assert.equal(await askText("hello"), "hello")
})

test("the bytes of compressed messages are counted before and after", async t => {
    const server = await serve(t, { mode: "echo", compress: true })
    const { askText } = await connect(t, server.url, {
        perMessageDeflate: { threshold: 0 },
    })
    await askText(json(8192))
    const metrics = await server.metrics.metrics()
    for (const direction of ["received", "sent"]) {
        const of = (name: string) =>
            Number(
                new RegExp(`${name}{direction="${direction}"} (\\d+)`).exec(
                    metrics
                )?.[1]
            )
        assert.equal(of("websocket_uncompressed_bytes_total"), 8192)
        assert.ok(of("websocket_compressed_bytes_total") < 3000)
    }
})
