/** DNS rebinding: a page of another site, whose name is made to point at the server. */
import assert from "node:assert/strict"
import { hostname } from "node:os"
import { test, type TestContext } from "node:test"
import type { ServerOptions } from "../../server/options.ts"
import { exchange, handshake, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"

const [name] = hostname().split(".")

/** The status with which a server answers a request; the connection is dropped then. */
async function statusOf(
    t: TestContext,
    port: number,
    request: string
): Promise<number> {
    const socket = await tcp(t, port)
    socket.write(request)
    const [answer] = await once(socket, "data")
    socket.destroy()
    return Number(String(answer).split(" ")[1])
}

const get = (host: string, target = "/", version = "1.1") =>
    `GET ${target} HTTP/${version}\r\nHost: ${host}\r\n\r\n`

const KNOWN = [
    ...["127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "192.0.2.7"],
    ...["localhost", "LocalHost:1", "localhost.", name, `${name}.local:80`],
    ...["public.example", "Public.Example:443", "localhost:", "127.0.0.1."],
    ...["LOCALHOST.:8", "[::1]:", "[::ffff:127.0.0.1]:80"],
]

const UNKNOWN = [
    ...["evil.example", "evil.example:8000", "localhost.evil.example"],
    ...["127.0.0.1.evil.example", "evil", ":80", "a b", "[evil]"],
    ...["public.example.evil", "evil.public.example", "0x7f.1", "127.1"],
    ...[
        "localhost..",
        ".localhost",
        "localhost, evil",
        "[::1]evil",
        "evil[::1]",
    ],
    ...["evil@localhost", "localhost:80@evil", "localhost:a", "2130706433"],
]

const options: ServerOptions = {
    mode: "plotter",
    sourcePort: 0,
    adminPort: 0,
    publicNames: ["public.example"],
}

for (const host of KNOWN)
    test(`pages, the plot and the administrator's port are there for Host ${host}`, async t => {
        const server = await serve(t, options)
        assert.equal(await statusOf(t, server.port, get(host)), 200)
        const admin = get(host, "/metrics")
        assert.equal(await statusOf(t, server.adminPort!, admin), 200)
        const page = handshake(
            { Host: host, Origin: `http://${host}` },
            "GET / HTTP/1.1"
        )
        assert.equal(await statusOf(t, server.port, page), 101)
    })

for (const host of UNKNOWN)
    test(`Host ${host} gets 421, with the option's name`, async t => {
        const server = await serve(t, options)
        for (const target of ["/", "/health", "/nothing", "/style.css"]) {
            const request = get(host, target).replace(
                "\r\n\r\n",
                "\r\nConnection: close\r\n\r\n"
            )
            const answer = await exchange(t, server.port, request)
            assert.match(answer, /^HTTP\/1\.1 421 .*--public-name/s, target)
        }
        for (const target of ["/metrics", "/health"])
            assert.equal(
                await statusOf(t, server.adminPort!, get(host, target)),
                421
            )
        const page = handshake(
            { Host: host, Origin: `http://${host}` },
            "GET / HTTP/1.1"
        )
        assert.match(
            await exchange(t, server.port, page),
            /^HTTP\/1\.1 421 .*--public-name/s
        )
    })

test("the host of an absolute target counts, not the header beside it", async t => {
    const server = await serve(t)
    const request = get("localhost", "http://evil.example/")
    assert.equal(await statusOf(t, server.port, request), 421)
})

test("a request for two hosts is refused, whichever is known", async t => {
    const server = await serve(t)
    for (const hosts of ["localhost\r\nHost: evil", "evil\r\nHost: localhost"])
        assert.equal(await statusOf(t, server.port, get(hosts)), 400)
})

test("a handshake without Origin, as a board's, may come by any name", async t => {
    const server = await serve(t)
    const request = handshake({ Host: "board-server.example" })
    assert.equal(await statusOf(t, server.port, request), 101)
})

test("the name listened on is known", async t => {
    const server = await serve(t, { host: "localhost" })
    const socket = get("localhost")
    assert.equal(await statusOf(t, server.port, socket), 200)
})

test("an older draft's handshake, which has an Origin, is checked as well", async t => {
    const server = await serve(t)
    const request = handshake({
        Host: "evil.example",
        Origin: "http://evil.example",
        Upgrade: "WebSocket",
        "Sec-WebSocket-Key": undefined,
        "Sec-WebSocket-Version": undefined,
    })
    assert.match(await exchange(t, server.port, request), /^HTTP\/1\.1 421 /)
})
