import assert from "node:assert/strict"
import { after, test, type TestContext } from "node:test"
import type { Page } from "playwright-core"
import { json, noise } from "../server/compression-data.ts"
import { serve, type Served } from "../server/peers.ts"
import type { ServerOptions } from "../../server/options.ts"
import { once } from "../wire/wait.ts"
import { launchChromium } from "./browser.ts"
import { talk } from "./talk.ts"

const browser = await launchChromium()
after(() => browser.close())

const BYE = { code: 1000, reason: "bye" }

/** A server, and a page whose origin is that server. */
async function open(
    t: TestContext,
    options: ServerOptions = {}
): Promise<{ server: Served; page: Page; origin: string }> {
    const server = await serve(t, options)
    const origin = `http://127.0.0.1:${server.port}`
    const page = await browser.newPage()
    t.after(() => page.close())
    // 404 with a text: a page too, and one that may talk to other servers
    await page.goto(`${origin}/nothing`)
    return { server, page, origin }
}

test("text comes back reversed by code point", async t => {
    const { server, page } = await open(t)
    const say = ["Hello world", "", "a😀é漢e\u0301", "\0\ufeff\uffff"]
    const { messages } = await talk(page, { url: server.url, say, close: BYE })
    assert.deepEqual(messages, [
        "dlrow olleH",
        "",
        "\u0301e漢é😀a",
        "\uffff\ufeff\0",
    ])
})

test("binary comes back reversed by byte, as binary", async t => {
    const { server, page } = await open(t)
    const say = [[0, 1, 128, 255], []]
    const { messages } = await talk(page, { url: server.url, say, close: BYE })
    assert.deepEqual(messages, [[255, 128, 1, 0], []])
})

for (const length of [125, 126, 65_535, 65_536, 1024 * 1024])
    test(`a message of ${length} bytes comes back`, async t => {
        const { server, page } = await open(t, { mode: "echo" })
        const say = ["x".repeat(length)]
        const heard = await talk(page, { url: server.url, say, close: BYE })
        assert.deepEqual(heard.messages, say)
    })

test("a message that is too long closes with 1009", async t => {
    const { server, page } = await open(t, { maxMessage: 1000 })
    const say = ["x".repeat(1001)]
    const { code, messages } = await talk(page, { url: server.url, say })
    assert.equal(code, 1009)
    assert.deepEqual(messages, [])
})

test("the prefix is in front", async t => {
    const { server, page } = await open(t, { mode: "prefix" })
    const say = ["Hello world"]
    const { messages } = await talk(page, { url: server.url, say, close: BYE })
    assert.deepEqual(messages, ["server: Hello world"])
})

test("the page's close code and reason reach the server, and are answered", async t => {
    const { server, page } = await open(t)
    const ended = once(server.events, "close")
    const close = { code: 4321, reason: "fertig ✓" }
    const heard = await talk(page, { url: server.url, say: [], close })
    assert.equal(heard.wasClean, true)
    assert.equal(heard.code, 4321)
    const [{ code, reason }] = await ended
    assert.deepEqual({ code, reason }, close)
})

test("the server's close code and reason reach the page", async t => {
    const close = { after: 2, code: 4000, reason: "genug ✓" }
    const { server, page } = await open(t, { faults: { close } })
    const heard = await talk(page, { url: server.url, say: ["ab", "cd"] })
    assert.deepEqual(heard, {
        protocol: "",
        extensions: "",
        messages: ["ba", "dc"],
        code: 4000,
        reason: "genug ✓",
        wasClean: true,
    })
})

test("a server that ends says 1001", async t => {
    const { server, page } = await open(t)
    const connected = once(server.events, "connection")
    const heard = talk(page, { url: server.url, say: [] })
    await connected
    await server.close()
    const { code, wasClean } = await heard
    assert.deepEqual({ code, wasClean }, { code: 1001, wasClean: true })
})

test("a dropped connection is 1006 and not clean", async t => {
    const { server, page } = await open(t)
    server.events.once("message", () => {
        for (const connection of server.connections) connection.terminate()
    })
    const heard = await talk(page, { url: server.url, say: ["x"] })
    assert.equal(heard.code, 1006)
    assert.equal(heard.wasClean, false)
})

test("a subprotocol is agreed on", async t => {
    const { server, page } = await open(t, { subprotocols: ["b", "c"] })
    const protocols = ["a", "b"]
    const { url } = server
    const heard = await talk(page, { url, protocols, say: [], close: BYE })
    assert.equal(heard.protocol, "b")
    assert.equal(heard.code, 1000)
})

test("Chromium gives up when no subprotocol is agreed on", async t => {
    const { server, page } = await open(t)
    const protocols = ["a"]
    const heard = await talk(page, { url: server.url, protocols, say: [] })
    assert.equal(heard.code, 1006)
    assert.equal(heard.wasClean, false)
})

test("the page's origin is let in or not", async t => {
    const { page, origin } = await open(t)
    const friend = await serve(t, { origins: [origin] })
    const say = ["ab"]
    const welcome = await talk(page, { url: friend.url, say, close: BYE })
    assert.deepEqual(welcome.messages, ["ba"])
    const stranger = await serve(t, { origins: ["http://a"] })
    const refused = once(stranger.events, "refused")
    const unwelcome = await talk(page, { url: stranger.url, say })
    assert.equal(unwelcome.code, 1006)
    assert.equal((await refused)[0].status, 403)
})

test("messages of all lengths come back compressed, and the page keeps its context", async t => {
    const { server, page } = await open(t, { mode: "echo", compress: true })
    const lengths = [0, 0, 1, 127, 128, 1000, 65_535, 65_536, 1024 * 1024]
    const say = [
        ...lengths.map(json),
        ...lengths.slice(0, -1).map(length => [...noise(length)]),
        ...Array.from({ length: 50 }, (_, i) => json(500 + i)),
    ]
    const heard = await talk(page, { url: server.url, say, close: BYE })
    assert.equal(
        heard.extensions,
        "permessage-deflate; server_no_context_takeover; client_max_window_bits=11"
    )
    assert.deepEqual(heard.messages, say)
    assert.equal(heard.code, 1000)
    const metrics = await server.metrics.metrics()
    for (const direction of ["received", "sent"]) {
        const [compressed, uncompressed] = ["", "un"].map(prefix => {
            const line = `websocket_${prefix}compressed_bytes_total{direction="${direction}"} (\\d+)`
            return Number(new RegExp(line).exec(metrics)?.[1])
        })
        assert.ok(uncompressed > 1024 * 1024)
        assert.ok(compressed < uncompressed / 2, `${compressed} ${direction}`)
    }
})
