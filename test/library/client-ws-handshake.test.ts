/** How the client library on a board gets into a server: headers, refusals, redirects, TLS, IPv6. */
import assert from "node:assert/strict"
import { createServer as createHttpsServer } from "node:https"
import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { test, type TestContext } from "node:test"
import type { VerifyClientCallbackAsync } from "ws"
import { serve, startClient } from "./client-peer.ts"
import { certificate } from "../wire/tcp-server.ts"

/** A server that answers the upgrade with a status of its own. */
function refusing(
    status: number,
    headers: Record<string, string> = {}
): { verifyClient: VerifyClientCallbackAsync } {
    return {
        verifyClient: (_info, done) => done(false, status, "", headers),
    }
}

const redirecting = (location: string) => refusing(302, { Location: location })

test("of the subprotocols the server takes one, and it is the one in use", async t => {
    const server = await serve(t, { handleProtocols: () => "second" })
    const OPTIONS = { protocols: ["first", "second"] }
    const board = await startClient(t, "remote", { URL: server.url, OPTIONS })
    const { request } = await server.next()
    assert.equal(request.headers["sec-websocket-protocol"], "first, second")
    await board.expect('open "second"')
})

test("a server that takes none of the subprotocols is a server without one", async t => {
    const server = await serve(t, { handleProtocols: () => false })
    const OPTIONS = { protocols: ["first"] }
    const board = await startClient(t, "remote", { URL: server.url, OPTIONS })
    await board.expect('open ""')
})

test("the request has what the URL and the options say, and nothing that is not asked for", async t => {
    const server = await serve(t)
    const OPTIONS = {
        origin: "http://elsewhere",
        headers: { "X-Board": "7", Cookie: "a=b" },
    }
    const URL = `ws://us%40er:p%3Ass@127.0.0.1:${server.port}/path?query=1`
    const board = await startClient(t, "remote", { URL, OPTIONS })
    const { request } = await server.next()
    const { "sec-websocket-key": key, ...headers } = request.headers
    assert.equal(Buffer.from(key!, "base64").length, 16)
    assert.deepEqual(headers, {
        host: `127.0.0.1:${server.port}`,
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-version": "13",
        authorization: `Basic ${btoa("us@er:p:ss")}`,
        origin: "http://elsewhere",
        "x-board": "7",
        cookie: "a=b",
    })
    assert.equal(request.url, "/path?query=1")
    await board.expect('open ""')
})

test("a redirect leads to another port, and the password stays behind", async t => {
    const target = await serve(t)
    const location = `http://127.0.0.1:${target.port}/there?a=1`
    const server = await serve(t, redirecting(location))
    const board = await startClient(t, "remote", {
        URL: `ws://user:pass@127.0.0.1:${server.port}/`,
        OPTIONS: { redirects: 1, headers: { Cookie: "secret" } },
    })
    const peer = await target.next()
    assert.equal(peer.request.url, "/there?a=1")
    assert.equal(peer.request.headers.authorization, undefined)
    assert.equal(peer.request.headers.cookie, undefined)
    await board.expect('open ""')
    peer.socket.send("hello")
    await peer.expect("hello")
})

test("a relative redirect on the same server keeps the password", async t => {
    const server = await serve(t, {
        verifyClient: ({ req }, done) =>
            req.url === "/a/b"
                ? done(true)
                : done(false, 307, "", { Location: "b" }),
    })
    await startClient(t, "remote", {
        URL: `ws://user:pass@127.0.0.1:${server.port}/a/x`,
        OPTIONS: { redirects: 1 },
    })
    const { request } = await server.next()
    assert.equal(request.headers.authorization, `Basic ${btoa("user:pass")}`)
})

test("redirects in a circle end after as many as are allowed", async t => {
    let requests = 0
    const server = await serve(t, {
        verifyClient: (_info, done) => {
            requests++
            done(false, 301, "", { Location: "/again" })
        },
    })
    const OPTIONS = { redirects: 3 }
    const board = await startClient(t, "remote", { URL: server.url, OPTIONS })
    await board.expect("HandshakeError: 301 Moved Permanently")
    await board.expect('end 1006 "" torn')
    assert.equal(requests, 4)
})

test("without the option a redirect is a refusal", async t => {
    const server = await serve(t, redirecting("ws://127.0.0.1:1/"))
    const board = await startClient(t, "remote", { URL: server.url })
    await board.expect("HandshakeError: 302 Found")
    await board.expect("closed")
})

for (const [status, reason] of [
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [404, "Not Found"],
] as const)
    test(`${status}: refused for good, even with reconnection`, async t => {
        const server = await serve(t, refusing(status))
        const OPTIONS = { reconnect: { initial: 1 } }
        const board = await startClient(t, "remote", {
            URL: server.url,
            OPTIONS,
        })
        await board.expect(`HandshakeError: ${status} ${reason}`)
        await board.expect('end 1006 "" torn')
        await board.expect("closed")
    })

test("503: another attempt, but not before the time that the server asks for", async t => {
    let requests = 0
    const server = await serve(t, {
        verifyClient: (_info, done) =>
            requests++
                ? done(true)
                : done(false, 503, "", { "Retry-After": "1" }),
    })
    const OPTIONS = { reconnect: { initial: 1 } }
    const board = await startClient(t, "remote", { URL: server.url, OPTIONS })
    await board.expect("HandshakeError: 503 Service Unavailable")
    await board.expect("again in 1000")
    await board.expect('open ""')
})

/** A server behind TLS. */
async function serveTls(t: TestContext, host = "127.0.0.1") {
    const file = new URL("../certificates/test-only.key.pem", import.meta.url)
    const options = { cert: certificate, key: readFileSync(file) }
    const server = await serve(t, { server: createHttpsServer(options), host })
    return { ...server, url: server.url.replace("ws:", "wss:") }
}

const UNVERIFIED =
    /^StreamError: tls:.*: no TLS on that port, or a certificate that can't be verified$/

test("wss, by a certificate that is trusted", async t => {
    const server = await serveTls(t, "localhost")
    const tls = { ca: certificate }
    const URL = `wss://localhost:${server.port}/`
    const board = await startClient(t, "remote", { URL }, { link: { tls } })
    await board.expect('open ""')
    const peer = await server.next()
    const message = "secret ".repeat(500)
    peer.socket.send(message)
    await peer.expect(message)
    peer.socket.close(1000, "bye")
    await board.expect('end 1000 "bye" clean')
})

test("wss to an address fails on an ESP32, whose certificates are for names, and to a port without TLS", async t => {
    const tls = { ca: certificate }
    for (const server of [await serveTls(t), await serve(t)]) {
        const URL = `wss://127.0.0.1:${server.port}/`
        const board = await startClient(t, "remote", { URL }, { link: { tls } })
        await board.expect(UNVERIFIED)
    }
})

test("wss: a certificate that nobody vouches for is refused before anything is sent", async t => {
    const server = await serveTls(t, "localhost")
    const URL = `wss://localhost:${server.port}/`
    const board = await startClient(t, "remote", { URL })
    let written = 0
    board.link.on("sent", ({ length }) => (written += length))
    await board.expect(UNVERIFIED)
    await board.expect('end 1006 "" torn')
    assert.deepEqual([server.peers.length, written], [0, 0])
})

const hasIPv6 = Object.values(networkInterfaces())
    .flat()
    .some(network => network?.address === "::1")
const skip = hasIPv6 ? false : "this machine has no ::1"

test(
    "wss: a trusted certificate for another host is refused",
    { skip },
    async t => {
        const server = await serveTls(t, "::1")
        const link = { like: "simulator", tls: { ca: certificate } } as const
        const URL = server.url
        const board = await startClient(t, "remote", { URL }, { link })
        await board.expect(/^StreamError: tls:.*altnames/)
        assert.equal(server.peers.length, 0)
    }
)

test(
    "an IPv6 address in brackets: an ESP32 has none itself, and can't connect",
    { skip },
    async t => {
        const server = await serve(t, { host: "::1" })
        const URL = server.url
        const esp32 = await startClient(t, "remote", { URL })
        await esp32.expect("can't connect")
        const link = { like: "simulator" } as const
        const board = await startClient(t, "remote", { URL }, { link })
        await board.expect('open ""')
        const peer = await server.next()
        assert.equal(peer.request.headers.host, `[::1]:${server.port}`)
        peer.socket.send("hello")
        await peer.expect("hello")
    }
)

test("devicescript #672: a board whose firmware has no TLS, or too little memory for it, says so, and dials nobody", async t => {
    const server = await serveTls(t)
    for (const [arch, why] of [
        ["rp2040w", "can't do TLS"],
        ["esp32s2", "has too little memory for TLS"],
    ]) {
        const settings = { URL: server.url, ARCH: arch }
        const board = await startClient(t, "remote", settings, {
            link: { like: "picow" },
        })
        board.link.on("open", () => assert.fail("it dialed"))
        await board.expect(
            `${arch} ${why}: use tls() with a pre-shared key, or ws://`
        )
    }
})

test("a name that does not exist, a port where nobody listens: told by name", async t => {
    const elsewhere = await serve(t)
    await elsewhere.stop()
    for (const host of ["nowhere.invalid", `127.0.0.1:${elsewhere.port}`]) {
        const URL = `ws://${host}/`
        const board = await startClient(t, "remote", { URL })
        const name = host.includes(":") ? host : `${host}:80`
        await board.expect(`StreamError: tcp://${name}: can't`)
        await board.expect('end 1006 "" torn')
    }
})
