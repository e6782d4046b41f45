import assert from "node:assert/strict"
import { test } from "node:test"
import { connect, serve } from "./peers.ts"
import { once } from "../wire/wait.ts"

/** The modes that answer. */
const ANSWERING = ["reverse", "echo", "prefix"] as const

const TEXTS = {
    "an empty text": ["", ""],
    ASCII: ["Hello world", "dlrow olleH"],
    "emoji outside the basic plane": ["a😀b🚀", "🚀b😀a"],
    "a combining mark, a code point of its own": ["e\u0301x", "x\u0301e"],
    "an emoji joined from three code points": [
        "\u{1F469}\u200d\u{1F4BB}",
        "\u{1F4BB}\u200d\u{1F469}",
    ],
    "a byte order mark": ["\ufeffa", "a\ufeff"],
    "a null character": ["a\0b", "b\0a"],
    noncharacters: ["\ufffe\uffff", "\uffff\ufffe"],
}

for (const [name, [text, reversed]] of Object.entries(TEXTS)) {
    const replies = {
        reverse: reversed,
        echo: text,
        prefix: "server: " + text,
    }
    for (const mode of ANSWERING)
        test(`${mode} answers ${name} with text`, async t => {
            const server = await serve(t, { mode })
            const client = await connect(t, server.url)
            const { data, isBinary } = await client.ask(text)
            assert.equal(data.toString(), replies[mode])
            assert.equal(isBinary, false)
        })
}

const BYTES = {
    reverse: Buffer.from([0xff, 0x80, 0x01, 0x00]),
    echo: Buffer.from([0x00, 0x01, 0x80, 0xff]),
    prefix: Buffer.from("server: \x00\x01\x80\xff", "latin1"),
}

for (const mode of ANSWERING)
    test(`${mode} answers binary, not valid as text, with binary`, async t => {
        const server = await serve(t, { mode })
        const client = await connect(t, server.url)
        const { data, isBinary } = await client.ask(
            Buffer.from([0x00, 0x01, 0x80, 0xff])
        )
        assert.deepEqual(data, BYTES[mode])
        assert.equal(isBinary, true)
    })

test("an empty binary message stays binary", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    const { data, isBinary } = await client.ask(Buffer.alloc(0))
    assert.equal(data.length, 0)
    assert.equal(isBinary, true)
})

test("a prefix of one's own is put in front as UTF-8", async t => {
    const server = await serve(t, { mode: "prefix", prefix: "é→" })
    const client = await connect(t, server.url)
    assert.equal(await client.askText("x"), "é→x")
    const { data } = await client.ask(Buffer.from("x"))
    assert.deepEqual(data, Buffer.from("é→x"))
})

test("reverse is the default, at the path /ws", async t => {
    const server = await serve(t)
    assert.equal(server.url, `ws://127.0.0.1:${server.port}/ws`)
    const client = await connect(t, server.url)
    assert.equal(await client.askText("abc"), "cba")
})

test("prefix listens at the path /socket", async t => {
    const server = await serve(t, { mode: "prefix" })
    assert.equal(server.url, `ws://127.0.0.1:${server.port}/socket`)
})

test("replies to pipelined messages come in their order", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    const numbers = Array.from({ length: 500 }, (_, index) => `${index}|`)
    for (const number of numbers) client.ws.send(number)
    for (const number of numbers) {
        const { data } = await client.receive()
        assert.equal([...data.toString()].reverse().join(""), number)
    }
})

test("a fragmented text gets one reply", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url)
    // the emoji is cut in the middle of its four bytes
    const bytes = Buffer.from("a😀b")
    client.ws.send(bytes.subarray(0, 3), { binary: false, fin: false })
    client.ws.send(bytes.subarray(3), { binary: false, fin: true })
    const { data, isBinary } = await client.receive()
    assert.equal(data.toString(), "b😀a")
    assert.equal(isBinary, false)
})

test("tutorial says hello, then world, then closes, whatever it hears", async t => {
    const server = await serve(t, { mode: "tutorial" })
    assert.equal(server.url, `ws://127.0.0.1:${server.port}/`)
    const client = await connect(t, server.url)
    assert.equal(await client.askText("x"), "hello")
    assert.equal((await client.receive()).data.toString(), "world")
    assert.equal((await client.closed).code, 1000)
})

test("a client of the tutorial that leaves early is pushed nothing more", async t => {
    const server = await serve(t, { mode: "tutorial" })
    const client = await connect(t, server.url)
    const [ended, other] = [
        once(server.events, "close"),
        connect(t, server.url),
    ]
    client.ws.close()
    await ended
    assert.equal((await (await other).closed).code, 1000)
    const replies = server.seen.filter(({ event }) => event === "reply")
    assert.equal(replies.length, 2)
})
