import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { ServerOptions } from "../../server/options.ts"
import { proxies } from "../../server/access/client-address.ts"
import { connect, exchange, handshake, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"

/** @returns what the log calls a client with these headers, without the port */
async function nameOf(
    t: TestContext,
    trustProxy: string[],
    headers: Record<string, string>
): Promise<string> {
    const server = await serve(t, { trustProxy })
    await connect(t, server.url, { headers })
    return server.seen[0].peer.replace(/:\d+$/, "")
}

const FORWARDED: [forwarded: string, name: string][] = [
    ["192.0.2.7", "192.0.2.7,127.0.0.1"],
    ["192.0.2.7:1234", "192.0.2.7,127.0.0.1"],
    ["[2001:db8::7]:1234", "2001:db8::7,127.0.0.1"],
    ["::ffff:192.0.2.7", "192.0.2.7,127.0.0.1"],
    ["::FFFF:c000:207", "192.0.2.7,127.0.0.1"],
    ["2001:0DB8:0:0:0:0:0:7", "2001:db8::7,127.0.0.1"],
    ["192.0.2.7, , ,", "192.0.2.7,127.0.0.1"],
    // what the client itself wrote stands in front
    ["198.51.100.1, 192.0.2.7", "192.0.2.7,127.0.0.1"],
    ["192.0.2.7, 10.1.2.3", "192.0.2.7,127.0.0.1"],
    ["10.9.9.9, 10.1.2.3", "10.9.9.9,127.0.0.1"],
    ['evil", 192.0.2.7', "192.0.2.7,127.0.0.1"],
    ["192.0.2.7, unknown", "127.0.0.1"],
    ["", "127.0.0.1"],
]

for (const [forwarded, name] of FORWARDED)
    test(`a trusted proxy that forwards for "${forwarded}" stands for ${name}`, async t => {
        const headers = { "X-Forwarded-For": forwarded }
        const trusted = ["127.0.0.1", "10.0.0.0/8"]
        assert.equal(await nameOf(t, trusted, headers), name)
    })

for (const trusted of [[], ["127.0.0.2", "10.0.0.0/8", "::1"]])
    test(`nobody else is believed: trusted are [${trusted}]`, async t => {
        const headers = { "X-Forwarded-For": "192.0.2.7" }
        assert.equal(await nameOf(t, trusted, headers), "127.0.0.1")
    })

for (const range of [
    ...["10.0.0.0/33", "::1/129", "example.com", "1.2.3.4/x", ""],
    ...["1.2.3.4/", "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0/-1"],
])
    test(`"${range}" is no range`, () => {
        assert.throws(() => proxies([range]), /expected an address or a range/)
    })

test("the cap for an address counts the client's, not the proxy's", async t => {
    const options: ServerOptions = {
        trustProxy: ["127.0.0.0/8"],
        maxPerAddress: 1,
    }
    const server = await serve(t, options)
    const from = (address: string) => ({
        headers: { "X-Forwarded-For": address },
    })
    await connect(t, server.url, from("192.0.2.7"))
    await connect(t, server.url, from("192.0.2.8"))
    await assert.rejects(connect(t, server.url, from("192.0.2.7")), /429/)
})

test("unless told otherwise one address has a quarter of all, loopback all", async t => {
    const server = await serve(t, {
        trustProxy: ["127.0.0.1"],
        maxConnections: 8,
    })
    const headers = { "X-Forwarded-For": "192.0.2.7" }
    for (let count = 0; count < 2; count++)
        await connect(t, server.url, { headers })
    await assert.rejects(connect(t, server.url, { headers }), /429/)
    for (let count = 0; count < 6; count++) await connect(t, server.url)
    await assert.rejects(connect(t, server.url), /503/)
})

test("one /64 of IPv6 is one client, whatever it writes", async t => {
    const server = await serve(t, {
        trustProxy: ["127.0.0.1"],
        maxPerAddress: 1,
    })
    const from = (address: string) => ({
        headers: { "X-Forwarded-For": address },
    })
    await connect(t, server.url, from("2001:db8::1"))
    await connect(t, server.url, from("2001:db8:0:1::1"))
    for (const same of ["2001:db8::ffff:1", "2001:db8:0:0:1:2:3:4"])
        await assert.rejects(connect(t, server.url, from(same)), /429/)
})

for (const [trustProxy, proto, scheme] of [
    [["127.0.0.1"], "https", "wss"],
    [["127.0.0.1"], "http, , HTTPS ,", "wss"],
    [[], "https", "ws"],
] as const)
    test(`trusted [${trustProxy}]: a forwarded "${proto}" makes an old client's URL ${scheme}`, async t => {
        const server = await serve(t, { trustProxy: [...trustProxy] })
        const socket = await tcp(t, server.port)
        socket.write(
            handshake({
                Upgrade: "WebSocket",
                Origin: "http://a",
                "Sec-WebSocket-Key": undefined,
                "Sec-WebSocket-Version": undefined,
                "X-Forwarded-Proto": proto,
            })
        )
        const [answer] = await once(socket, "data")
        assert.match(
            String(answer),
            new RegExp(`^WebSocket-Location: ${scheme}://127`, "m")
        )
        socket.destroy()
    })

test("beyond the connections of one address: 429, until one has gone", async t => {
    const server = await serve(t, { maxPerAddress: 2 })
    const first = await connect(t, server.url)
    await connect(t, server.url)
    const answer = await exchange(t, server.port, handshake())
    assert.match(answer, /^HTTP\/1\.1 429 /)
    assert.match(answer, /^Retry-After: \d+\r$/m)
    const gone = once(server.events, "close")
    first.ws.close()
    await gone
    const third = await connect(t, server.url)
    assert.equal(await third.askText("ab"), "ba")
})

test("the TCP connections of one address are bounded, and the newest go", async t => {
    const server = await serve(t, { maxPerAddress: 1 })
    const client = await connect(t, server.url)
    const sockets = await Promise.all(
        Array.from({ length: 40 }, () => tcp(t, server.port))
    )
    await Promise.race(sockets.map(socket => once(socket.resume(), "close")))
    assert.equal(sockets[0].closed, false)
    assert.equal(await client.askText("ab"), "ba")
})

test("who only holds connections makes way for who asks", async t => {
    const server = await serve(t, { maxConnections: 1 })
    const silent = await tcp(t, server.port)
    const dropped = once(silent.resume(), "close")
    for (let count = 0; count <= 256; count++) await tcp(t, server.port)
    await dropped
    // not for its time-out, which would have been told
    assert.deepEqual(server.seen, [])
    const client = await connect(t, server.url)
    assert.equal(await client.askText("ab"), "ba")
})

test("all for whom there are seats may come at once", async t => {
    const server = await serve(t, { maxConnections: 600 })
    const sockets = await Promise.all(
        Array.from({ length: 600 }, () => tcp(t, server.port))
    )
    const answers = sockets.map(async socket => {
        const [answer] = await once(socket, "data")
        return String(answer).slice(0, 12)
    })
    for (const socket of sockets) socket.write(handshake())
    assert.deepEqual([...new Set(await Promise.all(answers))], ["HTTP/1.1 101"])
})

test("the cap for an address counts all spellings of an IPv6 /64 as one", async t => {
    const server = await serve(t, {
        trustProxy: ["127.0.0.0/8"],
        maxPerAddress: 1,
    })
    const from = (address: string) => ({
        headers: { "X-Forwarded-For": address },
    })
    await connect(t, server.url, from("2001:db8:0:1::1"))
    for (const same of [
        "2001:0db8:0000:0001:0000:0000:0000:0002",
        "2001:DB8::1:0:0:0:3",
        "2001:db8:0:1::192.0.2.7",
        "[2001:db8:0:1::4]:443",
    ])
        await assert.rejects(connect(t, server.url, from(same)), /429/, same)
    await connect(t, server.url, from("2001:db8:0:2::1"))
})
