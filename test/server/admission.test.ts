import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { ServerOptions } from "../../server/options.ts"
import { connect, exchange, handshake, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"

/** Sends a request. @returns the status of the answer, all of the answer, and what the server said of it */
async function ask(t: TestContext, request: string, options?: ServerOptions) {
    const server = await serve(t, options)
    const answer = await exchange(t, server.port, request)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])
    const refused = server.seen.find(event => event.event === "refused")
    return { status, answer, refused }
}

test("HTTP on another path is not found", async t => {
    const { status, answer } = await ask(
        t,
        "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    assert.equal(status, 404)
    assert.match(answer, /\/ws\n$/)
})

test("HTTP on the path is told how to connect", async t => {
    const { status, answer, refused } = await ask(
        t,
        "GET /ws?x HTTP/1.1\r\nHost: localhost:8000\r\n\r\n"
    )
    assert.equal(status, 426)
    assert.match(answer, /^Upgrade: websocket\r$/m)
    assert.match(answer, /ws:\/\/localhost:8000\/ws\n$/)
    assert.equal(refused?.status, 426)
})

const REFUSED: Record<string, [status: number, request: string]> = {
    "a WebSocket on another path": [404, handshake({}, "GET /other HTTP/1.1")],
    "a path that only starts like ours": [
        404,
        handshake({}, "GET /ws/ HTTP/1.1"),
    ],
    "an upgrade to another protocol": [426, handshake({ Upgrade: "h2c" })],
    "a handshake that is not a GET": [405, handshake({}, "PUT /ws HTTP/1.1")],
    "HTTP/1.0": [400, handshake({}, "GET /ws HTTP/1.0")],
    "a handshake without Host": [400, handshake({ Host: undefined })],
    "a handshake for two hosts": [
        400,
        handshake({ Host: "localhost\r\nHost: localhost" }),
    ],
    "a handshake without a key": [
        400,
        handshake({ "Sec-WebSocket-Key": undefined }),
    ],
    "a key that is not 16 bytes in base64": [
        400,
        handshake({ "Sec-WebSocket-Key": "c2hvcnQ=" }),
    ],
    "subprotocols that are no list of tokens": [
        400,
        handshake({ "Sec-WebSocket-Protocol": "a,b c" }),
    ],
    "a handshake with a body": [
        400,
        handshake({ "Content-Length": "5" }) + "12345",
    ],
    "a handshake with a body in chunks": [
        400,
        handshake({ "Transfer-Encoding": "chunked" }) + "1\r\nx\r\n0\r\n\r\n",
    ],
    "bytes that are not HTTP": [400, "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n"],
    "headers without end": [
        431,
        "GET /ws HTTP/1.1\r\nX: " + "x".repeat(17 * 1024),
    ],
}

for (const [name, [expected, request]] of Object.entries(REFUSED))
    test(`${name}: refused with ${expected}`, async t => {
        const { status, refused } = await ask(t, request)
        assert.equal(status, expected)
        assert.equal(refused?.status, expected)
        assert.match(refused.peer, /^127\.0\.0\.1:\d+$/)
    })

test("another version of the protocol is told which ones are spoken", async t => {
    const { status, answer } = await ask(
        t,
        handshake({ "Sec-WebSocket-Version": "12" })
    )
    assert.equal(status, 426)
    assert.match(answer, /^Sec-WebSocket-Version: 13, 8\r$/m)
})

test("a rejection reaches a client that sent frames behind its handshake", async t => {
    // more than the kernel holds: the client still writes when the answer comes
    const glued = "\x81\x80\0\0\0\0".repeat(2_000_000)
    const { status } = await ask(t, handshake({ Host: undefined }) + glued)
    assert.equal(status, 400)
})

for (const request of ["", "GET /ws HTTP/1.1\r\nHost"])
    test(`a client that stops after ${request.length} bytes of its request is turned away`, async t => {
        const { status } = await ask(t, request, { handshakeTimeout: 100 })
        assert.equal(status, 408)
    })

test("silent TCP connections are bounded in number", async t => {
    const server = await serve(t, { maxConnections: 1 })
    const sockets = await Promise.all(
        Array.from({ length: 300 }, () => tcp(t, server.port))
    )
    await Promise.race(sockets.map(socket => once(socket, "close")))
    // not the handshake timeout, which would have been told
    assert.deepEqual(server.seen, [])
})

test("the target of a handshake may be an absolute URI with a query", async t => {
    const server = await serve(t)
    const socket = await tcp(t, server.port)
    socket.write(handshake({}, "GET http://127.0.0.1/ws?a=b HTTP/1.1"))
    const [answer] = await once(socket, "data")
    assert.match(String(answer), /^HTTP\/1\.1 101 /)
    // the accept value of RFC 6455 section 1.3
    assert.match(
        String(answer),
        /^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/m
    )
    socket.destroy()
})

const ORIGINS = ["http://Good.example", "http://also.example:8080"]

for (const headers of [
    { Origin: "http://evil.example" },
    { Origin: "https://good.example" },
    { Origin: "http://good.example.evil.example" },
    { Origin: "null" },
    { Origin: "" },
    {
        "Sec-WebSocket-Origin": "http://evil.example",
        "Sec-WebSocket-Version": "8",
    },
])
    test(`not on the list of origins: ${JSON.stringify(headers)} is forbidden`, async t => {
        const { status } = await ask(t, handshake(headers), {
            origins: ORIGINS,
        })
        assert.equal(status, 403)
    })

for (const origin of [
    "http://good.example",
    "HTTP://ALSO.example:8080",
    undefined,
])
    test(`with a list of origins, origin ${origin} is let in`, async t => {
        const server = await serve(t, { origins: ORIGINS })
        const client = await connect(t, server.url, { origin })
        assert.equal(await client.askText("ab"), "ba")
        const [event] = server.seen
        assert.equal(event.event, "connection")
        assert.equal(event.origin, origin)
    })

test("without a list every origin is let in", async t => {
    const server = await serve(t)
    const origin = "http://anybody.example"
    const client = await connect(t, server.url, { origin })
    assert.equal(await client.askText("ab"), "ba")
})

test("beyond the most connections: 503, until one has gone", async t => {
    const server = await serve(t, { maxConnections: 2 })
    const first = await connect(t, server.url)
    await connect(t, server.url)
    const answer = await exchange(t, server.port, handshake())
    assert.match(answer, /^HTTP\/1\.1 503 /)
    assert.match(answer, /^Retry-After: \d+\r$/m)
    const gone = once(server.events, "close")
    first.ws.close()
    await gone
    const third = await connect(t, server.url)
    assert.equal(await third.askText("ab"), "ba")
})

test("the client's first subprotocol that the server knows is agreed on", async t => {
    const server = await serve(t, { subprotocols: ["a", "b"] })
    const protocols = ["x", "b", "a"]
    const client = await connect(t, server.url, { protocols })
    assert.equal(client.ws.protocol, "b")
    const [event] = server.seen
    assert.equal(event.event, "connection")
    assert.equal(event.protocol, "b")
})

for (const subprotocols of [["a"], []])
    test(`no subprotocol in common with [${subprotocols}]: none is named`, async t => {
        const server = await serve(t, { subprotocols })
        const socket = await tcp(t, server.port)
        socket.write(handshake({ "Sec-WebSocket-Protocol": "x, y" }))
        const [answer] = await once(socket, "data")
        assert.match(String(answer), /^HTTP\/1\.1 101 /)
        assert.doesNotMatch(String(answer), /Sec-WebSocket-Protocol/i)
        socket.destroy()
    })

test("compression is not agreed to", async t => {
    const server = await serve(t)
    const client = await connect(t, server.url, { perMessageDeflate: true })
    assert.equal(client.ws.extensions, "")
})

for (const upgrade of [
    "websocket, h2c",
    "h2c,websocket",
    "h2c ,\tWebSocket\t, ",
    ", ,websocket",
    "Websocket",
])
    test(`"Upgrade: ${upgrade}" asks for a WebSocket`, async t => {
        const server = await serve(t)
        const socket = await tcp(t, server.port)
        socket.write(handshake({ Upgrade: upgrade }))
        const [answer] = await once(socket, "data")
        assert.match(String(answer), /^HTTP\/1\.1 101 /)
        assert.match(String(answer), /^Upgrade: websocket\r$/m)
    })

for (const upgrade of ["h2c", "websockets", "websocket/13", "x-websocket, h2c"])
    test(`"Upgrade: ${upgrade}" does not`, async t => {
        const { status } = await ask(t, handshake({ Upgrade: upgrade }))
        assert.equal(status, 426)
    })

for (const [offered, agreed] of [
    ["a, b", "b"],
    [",, b ,,c,", "b"],
    ["\tc\t,b", "c"],
    ["a,,", undefined],
])
    test(`of the subprotocols "${offered}" ${agreed} is agreed on`, async t => {
        const server = await serve(t, { subprotocols: ["b", "c"] })
        const socket = await tcp(t, server.port)
        socket.write(handshake({ "Sec-WebSocket-Protocol": offered }))
        const [answer] = await once(socket, "data")
        const protocol = /^Sec-WebSocket-Protocol: (.*)\r$/m
        assert.match(String(answer), /^HTTP\/1\.1 101 /)
        assert.equal(protocol.exec(String(answer))?.[1], agreed)
    })
