/** TLS by a pre-shared key, on the board's own socket, against Node's server. */
import assert from "node:assert/strict"
import { createServer } from "node:https"
import { test } from "node:test"
import { BY_KEY } from "../wire/psk.ts"
import { tcpPeer } from "../wire/tcp-server.ts"
import {
    ALERT,
    exchangeMessages,
    intercept,
    serve,
    serveWebSockets,
    start,
} from "./tls-board.ts"

for (const size of [1, 1000, 1024, 1025, 5000])
    test(`${size} B come back, again and again`, async t => {
        const { port } = await serve(t)
        const board = await start(t, { port, size, count: 10 })
        await board.expect("echo done 10", 60_000)
    })

test("a key of 64 bytes, an identity beyond ASCII, a host with a name", async t => {
    const key = Buffer.alloc(64, "0123456789")
    const identities: string[] = []
    const names: unknown[] = []
    const { port } = await serve(
        t,
        {
            pskCallback: (_, identity) => {
                identities.push(identity)
                return key
            },
        },
        socket => {
            names.push(socket.servername)
            socket.pipe(socket)
        }
    )
    const board = await start(t, {
        port,
        host: "localhost",
        identity: "Küche 1",
        key: key.toString("hex"),
    })
    await board.expect("echo done 1")
    assert.deepEqual(identities, ["Küche 1"])
    assert.deepEqual(names, ["localhost"])
})

test("every byte on its own, in both directions", async t => {
    const { port } = await serve(t)
    const between = await intercept(
        t,
        port,
        bytes => Array.from(bytes, byte => Buffer.from([byte])),
        bytes => Array.from(bytes, byte => Buffer.from([byte]))
    )
    const board = await start(t, { port: between, size: 100, count: 3 })
    await board.expect("echo done 3")
})

test("a connection that ends without close_notify: an error", async t => {
    const { port } = await serve(t, {}, socket => {
        socket.write("hello")
        socket.end()
    })
    const between = await intercept(t, port, bytes =>
        bytes[0] === ALERT ? [] : [bytes]
    )
    const board = await start(t, { port: between, mode: "sink" })
    await board.expect("error: tls: no close_notify")
})

test("a WebSocket", async t => {
    await exchangeMessages(t, await serveWebSockets(t, createServer(BY_KEY)))
})

test("the server ends: the end, and no error", async t => {
    const { port } = await serve(t, {}, socket => {
        socket.write("hello")
        socket.end()
    })
    const board = await start(t, { port, mode: "sink" })
    await board.expect("received 5")
})

for (const [what, settings, complaint] of [
    ["another key", { key: "ff".repeat(24) }, /tls: alert (20|51)/],
    ["another identity", { identity: "cellar" }, /tls: alert (115|80|40|51)/],
] as const)
    test(`${what}: says so`, async t => {
        const { port } = await serve(t)
        const board = await start(t, { port, ...settings })
        await board.expect(complaint)
    })

test("a server without pre-shared keys: says so", async t => {
    const { port } = await serve(t, {
        ciphers: "ECDHE-RSA-AES128-GCM-SHA256",
        pskCallback: undefined,
    })
    const board = await start(t, { port })
    await board.expect(/tls: alert 40/)
})

test("a server that says nothing: an error in time", async t => {
    const port = await tcpPeer(t, () => {})
    const board = await start(t, { port, timeout: 1000 })
    await board.expect("error: tls: timeout")
})
