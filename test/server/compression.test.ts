import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { constants, deflateRawSync } from "node:zlib"
import { test, type TestContext } from "node:test"
import { frame, PING, TEXT, BINARY, CONTINUATION } from "../wire/frames.ts"
import { once } from "../wire/wait.ts"
import { connect, handshake, serve, tcp } from "./peers.ts"

const json = (length: number) =>
    Array.from({ length: length / 8 + 1 }, (_, i) => `{"v":${i * 37.5}},`)
        .join("")
        .slice(0, length)

const SIZES = [0, 0, 1, 16, 127, 128, 1024, 8192, 65_536, 65_537, 131_072]

for (const client of [undefined, 8, 9, 11, 15])
    for (const server of [undefined, 9, 12, 15])
        for (const forgets of [false, true])
            test(`messages of all sizes: windows ${client} and ${server}, client ${forgets ? "forgets" : "keeps"} its context`, async t => {
                const { url } = await serve(t, { mode: "echo", compress: true })
                const { ws, ask } = await connect(t, url, {
                    perMessageDeflate: {
                        threshold: 0,
                        clientMaxWindowBits: client,
                        serverMaxWindowBits: server,
                        clientNoContextTakeover: forgets,
                    },
                })
                assert.equal(ws.extensions, "permessage-deflate")
                for (const size of [...SIZES, 1024 * 1024]) {
                    const text = json(size)
                    assert.equal((await ask(text)).data.toString(), text)
                }
                for (let i = 0; i < 50; ++i) {
                    const text = json(500 + i)
                    assert.equal((await ask(text)).data.toString(), text)
                    const bytes = randomBytes(100 + i)
                    assert.ok((await ask(bytes)).data.equals(bytes))
                }
            })

test("without the option nothing is agreed on", async t => {
    const { url } = await serve(t, { mode: "echo" })
    const { ws, askText } = await connect(t, url)
    assert.equal(ws.extensions, "")
    assert.equal(await askText("hello"), "hello")
})

test("an offer that cannot be met is answered without the extension", async t => {
    const { url } = await serve(t, { mode: "echo", compress: true })
    const { ws, askText } = await connect(t, url, {
        perMessageDeflate: { serverMaxWindowBits: 8 },
    })
    assert.equal(ws.extensions, "")
    assert.equal(await askText("hello"), "hello")
})

const deflated = (text: string | Buffer) =>
    deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
        0,
        -4
    )

const RSV1 = { rsv: 4, masked: true }
const MASKED = { masked: true }

/** @param extension what is offered, or nothing. @returns a socket whose handshake is answered */
async function speak(t: TestContext, extension: string) {
    const { port } = await serve(t, {
        mode: "echo",
        compress: true,
        closeTimeout: 200,
    })
    const socket = await tcp(t, port)
    socket.write(handshake({ "Sec-WebSocket-Extensions": extension }))
    await once(socket, "data")
    return socket
}

/** @returns all that comes until the connection ends */
async function answerTo(
    t: TestContext,
    frames: Buffer[],
    extension = "permessage-deflate"
): Promise<Buffer> {
    const socket = await speak(t, extension)
    const chunks: Buffer[] = []
    socket.on("data", chunk => chunks.push(chunk))
    socket.write(Buffer.concat(frames))
    await once(socket, "close")
    return Buffer.concat(chunks)
}

const closeCode = (answer: Buffer) => answer.readUInt16BE(2)
const whole = deflated(json(1000))

for (const [name, code, frames] of [
    [
        "a stream that is cut off",
        1007,
        [frame(TEXT, whole.subarray(0, whole.length >> 1), RSV1)],
    ],
    ["its last byte missing", 1007, [frame(TEXT, whole.subarray(0, -1), RSV1)]],
    ["no DEFLATE data", 1007, [frame(TEXT, Buffer.alloc(9, 0xff), RSV1)]],
    [
        "no UTF-8",
        1007,
        [frame(TEXT, deflated(Buffer.from([0xc0, 0xaf])), RSV1)],
    ],
    ["a bomb", 1009, [frame(BINARY, deflated(Buffer.alloc(8 << 20)), RSV1)]],
    ["RSV1 on a Ping", 1002, [frame(PING, "", RSV1)]],
    [
        "RSV1 on a continuation",
        1002,
        [
            frame(TEXT, "x", { ...MASKED, fin: false }),
            frame(CONTINUATION, "y", RSV1),
        ],
    ],
] as [string, number, Buffer[]][])
    test(`${name} ends with ${code}`, async t =>
        assert.equal(closeCode(await answerTo(t, frames)), code))

test("RSV1 without an agreement ends with 1002", async t => {
    const frames = [frame(TEXT, whole, RSV1)]
    assert.equal(closeCode(await answerTo(t, frames, "")), 1002)
})

test("a message in fragments, a Ping between them, and more behind it are answered in order and in one piece", async t => {
    const socket = await speak(t, "permessage-deflate")
    const chunk = once(socket, "data")
    socket.write(
        Buffer.concat([
            frame(TEXT, deflated("first").subarray(0, 2), {
                ...RSV1,
                fin: false,
            }),
            frame(PING, "p", MASKED),
            frame(CONTINUATION, deflated("first").subarray(2), MASKED),
            frame(TEXT, "second", MASKED),
            frame(TEXT, deflated("third"), RSV1),
        ])
    )
    const [answer] = (await chunk) as [Buffer]
    assert.equal(
        answer.toString("latin1"),
        "\x8a\x01p\x81\x05first\x81\x06second\x81\x05third"
    )
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
