import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { connect, exchange, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"
import { noConnectionTable } from "../wire/platform.ts"
import {
    handshake,
    open,
    opened,
    serve,
    SIGNATURE,
    VERSIONS,
} from "./hixie-client.ts"

test("hixie-76: the example of the draft is answered as the draft has it", async t => {
    const server = await serve(t, {
        closeTimeout: 100,
        subprotocols: ["sample"],
    })
    const request = handshake("hixie-76", {
        "Sec-WebSocket-Protocol": "sample",
    })
    const client = await open(t, server.port, request)
    assert.equal(
        await client.until("\r\n\r\n"),
        [
            "HTTP/1.1 101 WebSocket Protocol Handshake",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Origin: http://example.com",
            "Sec-WebSocket-Location: ws://example.com/ws",
            "Sec-WebSocket-Protocol: sample",
            "\r\n",
        ].join("\r\n")
    )
    assert.equal(await client.read(16), SIGNATURE)
})

test("hixie-75: the handshake of the tutorial's time is answered", async t => {
    const server = await serve(t, {
        closeTimeout: 100,
        subprotocols: ["sample"],
    })
    const request = handshake("hixie-75", { "WebSocket-Protocol": "sample" })
    const client = await open(t, server.port, request)
    assert.equal(
        await client.until("\r\n\r\n"),
        [
            "HTTP/1.1 101 Web Socket Protocol Handshake",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
            "WebSocket-Origin: http://example.com",
            "WebSocket-Location: ws://example.com/ws",
            "WebSocket-Protocol: sample",
            "\r\n",
        ].join("\r\n")
    )
})

test("hixie-76: the handshake may come byte by byte, and a message glued to it", async t => {
    const server = await serve(t, { closeTimeout: 100 })
    const client = await open(t, server.port, "")
    for (const byte of handshake("hixie-76") + "\0ab\xff") {
        client.socket.write(byte, "latin1")
        // so that each byte is a piece of its own
        await new Promise(resolve => setImmediate(resolve))
    }
    await client.until(SIGNATURE)
    assert.equal(await client.read(4), "\0ba\xff")
})

for (const version of VERSIONS) {
    test(`${version}: text comes back reversed by code point`, async t => {
        const { server, socket, read } = await opened(t, version)
        const bytes = Buffer.from("\0a😀é\xff")
        // UTF-8 has no byte 0xFF: write the frame's last byte as such
        socket.write(Buffer.from("\0a😀é"))
        socket.write(Buffer.from([0xff]))
        const expected = Buffer.from("\0é😀a").toString("latin1") + "\xff"
        assert.equal(await read(bytes.length - 1), expected)
        const [event] = server.seen
        assert.equal(event.event === "connection" && event.version, version)
    })

    test(`${version}: an empty text and many in one piece are answered in order`, async t => {
        const { socket, read } = await opened(t, version)
        socket.write("\0\xff\0ab\xff\0cd\xff", "latin1")
        assert.equal(await read(10), "\0\xff\0ba\xff\0dc\xff")
    })

    test(`${version}: a message in any two pieces is one message`, async t => {
        const { socket, read } = await opened(t, version)
        const frame = "\0abc\xff"
        for (let cut = 1; cut < frame.length; cut++) {
            socket.write(frame.slice(0, cut), "latin1")
            await new Promise(resolve => setImmediate(resolve))
            socket.write(frame.slice(cut), "latin1")
            assert.equal(await read(frame.length), "\0cba\xff")
        }
    })

    test(`${version}: a frame that announces its length is skipped`, async t => {
        const { socket, read } = await opened(t, version)
        // 0x80, 130 in base 128, as many bytes, then a text
        const skipped = "\x80\x81\x02" + "\xff".repeat(130)
        const empty = "\x80\0"
        socket.write("\0x\xff", "latin1")
        assert.equal(await read(3), "\0x\xff")
        for (const byte of skipped + empty + skipped + "\0ab\xff") {
            socket.write(byte, "latin1")
            await new Promise(resolve => setImmediate(resolve))
        }
        socket.write(skipped + empty + "\0cd\xff", "latin1")
        assert.equal(await read(8), "\0ba\xff\0dc\xff")
    })

    test(`${version}: a frame that ends with 0xFF is a text of type 0x00 only`, async t => {
        const { socket, read } = await opened(t, version)
        socket.write("\x01ab\xff\x7fcd\xff\0ef\xff", "latin1")
        assert.equal(await read(4), "\0fe\xff")
    })

    test(`${version}: bytes that are not UTF-8 are replaced, and nothing closes`, async t => {
        const { socket, read } = await opened(t, version, { mode: "echo" })
        socket.write("\0a\xc0b\xff", "latin1")
        assert.equal(await read(7), "\0a\xef\xbf\xbdb\xff")
    })

    test(`${version}: a message of the longest length passes, a longer one ends the connection`, async t => {
        const { server, socket, read } = await opened(t, version, {
            maxMessage: 4,
        })
        const failed = once(server.events, "failure")
        socket.write("\0abcd\xff", "latin1")
        assert.equal(await read(6), "\0dcba\xff")
        socket.write("\0abcde", "latin1")
        assert.match((await failed)[0].reason, /size exceeded/)
        assert.equal(await read(3), version === "hixie-76" ? "\xff\0" : "")
    })

    test(`${version}: an announced length without end ends the connection`, async t => {
        const { server, socket } = await opened(t, version)
        const ended = once(server.events, "close")
        socket.write("\x80" + "\xff".repeat(100), "latin1")
        await ended
    })

    test(`${version}: the list of origins holds`, async t => {
        const server = await serve(t, {
            origins: ["http://example.com"],
            closeTimeout: 100,
        })
        const evil = handshake(version, { Origin: "http://evil.example" })
        const answer = await exchange(t, server.port, evil)
        assert.match(answer, /^HTTP\/1\.1 403 /)
        const good = await open(t, server.port, handshake(version))
        assert.match(await good.until("\r\n\r\n"), /^HTTP\/1\.1 101 /)
    })

    test(`${version}: counts among the connections`, async t => {
        const { server } = await opened(t, version, { maxConnections: 1 })
        await assert.rejects(connect(t, server.url), /503/)
    })

    test(`${version}: a server that ends closes it`, async t => {
        const { server, read } = await opened(t, version)
        const closed = server.close()
        assert.equal(await read(3), version === "hixie-76" ? "\xff\0" : "")
        await closed
    })

    test(`${version}: a client that does not answer the end is dropped`, async t => {
        const { server, socket } = await opened(t, version, {
            closeTimeout: 50,
        })
        socket.pause()
        await server.close()
        const last = server.seen.at(-1)
        assert.equal(last?.event === "close" && last.code, 1006)
    })

    test(`${version}: the tutorial pushes to it`, async t => {
        const server = await serve(t, {
            mode: "tutorial",
            path: "/ws",
            closeTimeout: 100,
        })
        const client = await open(t, server.port, handshake(version))
        await client.until("\0")
        assert.equal(await client.until("\xff"), "hello\xff")
        assert.equal(await client.until("\xff"), "\0world\xff")
    })

    test(`${version}: a client that does not read is not read either, and loses nothing`, async t => {
        const { server, socket, read } = await opened(t, version, {
            mode: "echo",
            maxBuffered: 64 * 1024,
        })
        const paused = once(server.events, "pause")
        const count = 256
        const frame = `\0${"x".repeat(64 * 1024)}\xff`
        for (let index = 0; index < count; index++)
            socket.write(frame, "latin1")
        await paused
        const received = await read(count * frame.length)
        assert.equal(received.length, count * frame.length)
        assert.ok(server.seen.some(({ event }) => event === "resume"))
        assert.ok(!server.seen.some(({ event }) => event === "failure"))
    })

    test(
        `${version}: TCP's keepalive watches over it`,
        { skip: noConnectionTable },
        async t => {
            const { socket } = await opened(t, version, { ping: 5000 })
            const hex = (port = 0) => port.toString(16).toUpperCase()
            const [server, client] = [socket.remotePort, socket.localPort]
            // Linux' table: local and remote address, state, queues, timer (02: keepalive)
            const line = readFileSync("/proc/net/tcp", "latin1")
                .split("\n")
                .map(line => line.trim().split(/\s+/))
                .find(
                    ([, local, remote]) =>
                        local?.endsWith(`:${hex(server).padStart(4, "0")}`) &&
                        remote?.endsWith(`:${hex(client).padStart(4, "0")}`)
                )
            assert.match(line?.[5] ?? "", /^02:/)
        }
    )
}

test("hixie-76: a client's closing is answered in kind", async t => {
    const { server, socket, read } = await opened(t, "hixie-76")
    const ended = once(server.events, "close")
    socket.write("\xff\0", "latin1")
    assert.equal(await read(3), "\xff\0")
    const [{ code, sent }] = await ended
    assert.deepEqual({ code, sent }, { code: 1005, sent: undefined })
})

test("hixie-76: the answer to the server's closing is seen, even behind a message", async t => {
    const { server, socket, read } = await opened(t, "hixie-76")
    const closed = server.close()
    assert.equal(await read(2), "\xff\0")
    socket.write("\0late\xff\xff\0", "latin1")
    assert.equal(await read(1), "")
    await closed
    assert.deepEqual(
        server.seen.map(({ event }) => event),
        ["connection", "close"]
    )
    const last = server.seen.at(-1)
    assert.equal(last?.event === "close" && last.code, 1005)
})

test("hixie-75: the end of its TCP connection is its end", async t => {
    const { server, socket } = await opened(t, "hixie-75")
    const ended = once(server.events, "close")
    socket.end()
    assert.equal((await ended)[0].code, 1006)
})

const NOT_KEYS = {
    "no digits": "a b",
    "no spaces": "123",
    "no multiple of its spaces": "1 0 1",
    "a number beyond 32 bits": "99999999999 ",
    missing: undefined,
}

for (const [name, key] of Object.entries(NOT_KEYS))
    test(`hixie-76: a key with ${name} is refused with 400`, async t => {
        const server = await serve(t)
        const request = handshake("hixie-76", {
            "Sec-WebSocket-Key1": key && `x${key}x`,
        })
        const answer = await exchange(t, server.port, request)
        assert.match(answer, /^HTTP\/1\.1 400 /)
        assert.match(answer, /Sec-WebSocket-Key1/)
    })

test("hixie-76: a client that keeps its eight bytes back is dropped", async t => {
    const server = await serve(t, { handshakeTimeout: 100 })
    const socket = await tcp(t, server.port)
    const closed = once(socket.resume(), "close")
    const refused = once(server.events, "refused")
    socket.write(handshake("hixie-76").slice(0, -1))
    await closed
    assert.equal((await refused)[0].status, 408)
})

test("the URL in the answer is no matter of a header that only a proxy may set", async t => {
    const server = await serve(t, { closeTimeout: 100 })
    const request = handshake("hixie-76", { "X-Forwarded-Proto": "https" })
    const client = await open(t, server.port, request)
    const answer = await client.until("\r\n\r\n")
    assert.match(answer, /Location: ws:\/\/example\.com\/ws\r/)
})

test("a handshake that lacks its version is not taken for an old one", async t => {
    const server = await serve(t)
    const request = handshake("hixie-75", { Upgrade: "websocket" })
    assert.match(await exchange(t, server.port, request), /^HTTP\/1\.1 426 /)
})

for (const keys of [
    { "Sec-WebSocket-Key1": "" },
    { "Sec-WebSocket-Key2": "" },
    { "Sec-WebSocket-Key1": "", "Sec-WebSocket-Key2": "" },
    { "Sec-WebSocket-Key1": "1  1" },
])
    test(`hixie-76: a refused handshake with ${JSON.stringify(keys)} keeps no place`, async t => {
        const server = await serve(t, { maxConnections: 1 })
        for (let i = 0; i < 3; i++) {
            const request = handshake("hixie-76", keys)
            const answer = await exchange(t, server.port, request)
            assert.match(answer, /^HTTP\/1\.1 400 /)
        }
        const good = await open(t, server.port, handshake("hixie-76"))
        assert.match(await good.until("\r\n\r\n"), /^HTTP\/1\.1 101 /)
    })
