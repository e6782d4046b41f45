import assert from "node:assert/strict"
import { get } from "node:https"
import { test, type TestContext } from "node:test"
import { connect as connectTls } from "node:tls"
import type { ServerOptions } from "../../server/options.ts"
import { connect, serve } from "../server/peers.ts"
import { startNginx } from "./nginx.ts"
import { once } from "../wire/wait.ts"

const ANYONE = { rejectUnauthorized: false }

/** A server behind nginx, which it trusts. */
async function proxied(t: TestContext, options: ServerOptions = {}) {
    const server = await serve(t, {
        trustProxy: ["127.0.0.1"],
        publicNames: ["a.example"],
        ...options,
    })
    const port = await startNginx(t, server.port)
    return { server, port, url: `wss://127.0.0.1:${port}/ws` }
}

test("a WebSocket goes through nginx, and the log has the client's address", async t => {
    const { server, url } = await proxied(t)
    const client = await connect(t, url, ANYONE)
    assert.equal(await client.askText("Hello"), "olleH")
    const [{ peer }] = server.seen
    assert.match(peer, /^127\.0\.0\.1,127\.0\.0\.1:\d+$/)
})

test("a client cannot pass itself off as another address", async t => {
    const { server, url } = await proxied(t)
    const headers = { "X-Forwarded-For": "192.0.2.7" }
    await connect(t, url, { ...ANYONE, headers, localAddress: "127.0.0.2" })
    assert.match(server.seen[0].peer, /^127\.0\.0\.2,127\.0\.0\.1:\d+$/)
})

test("a server that does not trust nginx takes nginx for the client", async t => {
    const { server, url } = await proxied(t, { trustProxy: [] })
    await connect(t, url, ANYONE)
    assert.match(server.seen[0].peer, /^127\.0\.0\.1:\d+$/)
})

test("a message of a megabyte and a close code go through both ways", async t => {
    const { server, url } = await proxied(t, { mode: "echo" })
    const client = await connect(t, url, ANYONE)
    const message = Buffer.alloc(1024 * 1024, 7)
    assert.deepEqual((await client.ask(message)).data, message)
    const ended = once(server.events, "close")
    client.ws.close(4321, "fertig")
    assert.equal((await ended)[0].code, 4321)
    assert.equal((await client.closed).code, 4321)
})

test("a server that ends says 1001 through nginx", async t => {
    const { server, url } = await proxied(t)
    const client = await connect(t, url, ANYONE)
    await server.close()
    assert.equal((await client.closed).code, 1001)
})

/** Keys, the bytes behind the headers, and what answers them, in each draft. */
const DRAFTS = {
    "hixie-76": {
        keys: "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n",
        body: "^n:ds[4U",
        answer: "8jKS'y:G*Co,Wxa-",
    },
    "hixie-75": { keys: "", body: "", answer: "" },
}

for (const [version, { keys, body, answer }] of Object.entries(DRAFTS))
    test(`${version} goes through nginx, and is told a wss URL`, async t => {
        const { port } = await proxied(t, { closeTimeout: 100 })
        const socket = connectTls({ port, ...ANYONE }).setEncoding("latin1")
        t.after(() => socket.destroy())
        const head = `GET /ws HTTP/1.1\r\nHost: a.example\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nOrigin: http://a\r\n${keys}\r\n`
        socket.write(`${head}${body}\0Hello\xff`, "latin1")
        let received = ""
        for await (const chunk of socket) {
            received += chunk
            if (received.endsWith("\xff")) break
        }
        assert.match(received, /^HTTP\/1\.1 101 /)
        assert.match(received, /Location: wss:\/\/a\.example\/ws\r/)
        assert.ok(received.endsWith(`\r\n\r\n${answer}\0olleH\xff`))
    })

test("pings keep a connection open, and are answered", async t => {
    const { server, url } = await proxied(t, { ping: 100 })
    const client = await connect(t, url, ANYONE)
    for (let count = 0; count < 5; count++) await once(client.ws, "ping")
    assert.equal(await client.askText("ab"), "ba")
    assert.equal(server.connections.size, 1)
})

test("the list of origins and the token hold behind nginx", async t => {
    const tokens = ["correct-horse-battery-staple"]
    const origins = ["https://example.com"]
    const { url } = await proxied(t, { tokens, origins })
    const good = {
        ...ANYONE,
        origin: origins[0],
        headers: { Authorization: `Bearer ${tokens[0]}` },
    }
    const client = await connect(t, url, good)
    assert.equal(await client.askText("ab"), "ba")
    const evil = { ...good, origin: "https://evil.example" }
    await assert.rejects(connect(t, url, evil), /403/)
    await assert.rejects(connect(t, url, { ...good, headers: {} }), /401/)
})

test("the page comes through nginx, with its policy", async t => {
    const { port } = await proxied(t)
    const request = get(`https://127.0.0.1:${port}/`, ANYONE)
    const [answer] = await once(request, "response")
    answer.resume()
    assert.equal(answer.statusCode, 200)
    assert.match(
        answer.headers["content-security-policy"],
        /default-src 'none'/
    )
})
