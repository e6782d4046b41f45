import assert from "node:assert/strict"
import { createHash, randomBytes } from "node:crypto"
import type { Socket } from "node:net"
import { test, type TestContext } from "node:test"
import { Board, type BoardOptions } from "../../sim/board.ts"
import type { LinkOptions } from "../../sim/link.ts"
import { compileSource } from "../../sim/program.ts"
import { certificate, tcpPeer, tlsPeer } from "../wire/tcp-server.ts"
import { once } from "../wire/wait.ts"

/** Runs a program that begins with a connection `socket` to `port`. */
async function run(
    t: TestContext,
    source: string,
    port: number,
    link: LinkOptions = {},
    options: BoardOptions & { proto?: "tcp" | "tls" } = {}
) {
    const connect = `import { connect } from "@devicescript/net"
        import { sleep } from "@devicescript/core"
        const socket = await connect({ host: "${options.proto === "tls" ? "localhost" : "127.0.0.1"}", port: ${port}, proto: "${options.proto ?? "tcp"}" })
        console.log("connected")\n`
    const board = await Board.start(compileSource(connect + source), {
        ...options,
        link,
    })
    t.after(() => board.stop())
    return board
}

/** Receives everything, with a pause of some milliseconds after every 16 pieces. */
const RECEIVE = (pause: number) => `let total = 0, pieces = 0
    // on Pico W the end is an error
    const receive = async () => { try { return await socket.recv() } catch { return null } }
    while (true) {
        const piece = await receive()
        if (piece === null) break
        pieces++
        total += piece.length
        ${pause ? `if (pieces % 16 === 0) await sleep(${pause})` : ""}
    }
    console.log("total " + total + " in " + pieces)`

for (const [like, size] of [
    ["esp32", 1024],
    ["picow", 1460],
    ["simulator", 65536],
] as const)
    test(`data comes in pieces of up to ${size} bytes like on ${like}`, async t => {
        const data = randomBytes(10_000)
        const port = await tcpPeer(t, socket => socket.end(data))
        const board = await run(t, RECEIVE(0), port, { like })
        const got: Uint8Array[] = []
        board.link.on("received", piece => got.push(piece))
        await board.expect("total 10000")
        assert.deepEqual(Buffer.concat(got), data)
        assert.ok(Math.max(...got.map(piece => piece.length)) <= size)
        if (like !== "simulator")
            assert.ok(got.filter(piece => piece.length === size).length >= 5)
    })

test("data can come byte by byte", async t => {
    const port = await tcpPeer(t, socket => socket.end(randomBytes(300)))
    const board = await run(t, RECEIVE(0), port, { piece: 1 })
    await board.expect("total 300 in 300")
})

test("a push of 1 MB arrives whole in a program that reads slowly, and its heap does not fill up", async t => {
    const data = randomBytes(1024 * 1024)
    const port = await tcpPeer(t, socket => socket.end(data))
    const board = await run(t, RECEIVE(1), port)
    board.watchPeak()
    const hash = createHash("sha256")
    board.link.on("received", bytes => hash.update(bytes))
    await board.expect(/total 1048576 in 1024/, 60_000)
    const sent = createHash("sha256").update(data).digest("hex")
    assert.equal(hash.digest("hex"), sent)
    const { size } = board.heap()
    assert.ok(board.peak().live < size - 10_000, `peak ${board.peak().live}`)
})

test("backpressure reaches the sender while the program does not read", async t => {
    let sender!: Socket
    const port = await tcpPeer(t, socket => {
        sender = socket
        for (let i = 0; i < 256; i++) socket.write(randomBytes(65536))
    })
    const board = await run(
        t,
        `while (true) { await sleep(5); console.log("still up") }`,
        port
    )
    let received = 0
    board.link.on("received", bytes => (received += bytes.length))
    for (let i = 0; i < 50; i++) await board.expect("still up")
    assert.ok(received > 16_384 && received < 65_536, `${received}`)
    assert.ok(sender.writableLength > 0)
})

for (const delivery of ["idle", "burst"] as const)
    test(`a push larger than the heap kills the program with delivery "${delivery}", as on devices`, async t => {
        const port = await tcpPeer(t, socket =>
            socket.once("data", () => socket.write(randomBytes(500_000)))
        )
        const source = `await socket.send("go")
            await sleep(60000)`
        const board = await run(t, source, port, { delivery })
        assert.equal((await board.exited).name, "OutOfMemory")
    })

test("writes ahead of a stalled network are bounded, and go out after it", async t => {
    let got = 0
    let peer!: Socket
    const port = await tcpPeer(t, socket => {
        peer = socket
        socket.on("data", data => (got += data.length))
    })
    const source = `let sent = 0
        await sleep(20)
        try { while (sent < 100) { await socket.send(Buffer.alloc(1000)); sent++ } }
        catch (e) { console.log("sent " + sent + ": " + (e as Error).message) }
        await socket.recv()`
    const board = await run(t, source, port, { queue: { writes: 5 } })
    await board.expect("connected")
    board.link.stall()
    // lwIP's buffer holds five and a half, the worker the rest of the sixth, the queue five
    await board.expect(/sent 11: .* send error -1/)
    assert.equal(got, 0)
    board.link.resume()
    while (got < 11_000) await once(peer, "data")
    assert.equal(got, 11_000)
})

test("peer closes: ESP32 reports a close, Pico W an error before it", async t => {
    const port = await tcpPeer(t, socket => socket.end("bye"))
    const source = `try {
            while (await socket.recv() !== null);
            console.log("closed")
        } catch (e) { console.log((e as Error).message) }`
    const esp32 = await run(t, source, port, { like: "esp32" })
    await esp32.expect(/^closed$/)
    const picow = await run(t, source, port, { like: "picow" })
    await picow.expect("recv without buf?")
})

test("a refused connection fails like on the firmware", async t => {
    const port = await tcpPeer(t, () => {})
    const source = `import { connect } from "@devicescript/net"
        try { await connect({ host: "127.0.0.1", port: 1 }) }
        catch (e) { console.log((e as Error).message) }
        try { await connect({ host: "127.0.0.1", port: ${port} }) }
        catch (e) { console.log((e as Error).message) }`
    const board = await Board.start(compileSource(source))
    t.after(() => board.stop())
    board.link.refused = true
    await board.expect("can't connect")
    await board.expect("can't connect")
})

test("a reset is an error for the program and a reset for the peer", async t => {
    let failed!: Promise<unknown>
    const port = await tcpPeer(t, socket => {
        failed = once(socket, "error").catch(error => error)
    })
    const board = await run(
        t,
        `try { await socket.recv() } catch (e) { console.log((e as Error).message) }`,
        port
    )
    await board.expect("connected")
    board.link.reset()
    await board.expect("recv error")
    assert.equal(
        ((await failed) as [NodeJS.ErrnoException])[0].code,
        "ECONNRESET"
    )
})

test("silence swallows both directions and the peer's end", async t => {
    let got = ""
    let peer!: Socket
    const port = await tcpPeer(t, socket => {
        peer = socket
        socket.on("data", data => (got += data.toString()))
    })
    const board = await run(
        t,
        `await socket.send("before")
        console.log((await socket.recv()).toString("utf-8"))
        await socket.send("lost")
        console.log("nothing: " + await socket.recv(50))`,
        port
    )
    await board.expect("connected")
    while (got !== "before") await once(peer, "data")
    board.link.once("received", () => board.link.silence())
    peer.write("now")
    await board.expect("now")
    peer.end("lost too")
    await board.expect("nothing: undefined")
    assert.equal(got, "before")
})

test("delay holds both directions up without changing their order", async t => {
    const port = await tcpPeer(t, socket => socket.pipe(socket))
    const board = await run(
        t,
        `for (let i = 0; i < 5; i++) await socket.send(i + ",")
        let got = ""
        while (got.length < 10) got += (await socket.recv()).toString("utf-8")
        console.log(got)`,
        port,
        {}
    )
    board.link.delay = 20
    await board.expect("0,1,2,3,4,")
})

test("opening a connection kills the one before", async t => {
    const closed: Promise<unknown>[] = []
    const port = await tcpPeer(t, socket => {
        closed.push(once(socket.resume(), "end"))
    })
    const board = await run(
        t,
        `await connect({ host: "127.0.0.1", port: ${port} })
        console.log("again")`,
        port
    )
    await board.expect("again")
    await closed[0]
    assert.equal(closed.length, 2)
})

test("TLS is verified, and opens after the handshake", async t => {
    const port = await tlsPeer(t, socket => socket.pipe(socket))
    const source = `await socket.send("secret")
        console.log((await socket.recv()).toString("utf-8"))`
    const trusting = await run(
        t,
        source,
        port,
        { tls: { ca: certificate } },
        { proto: "tls" }
    )
    await trusting.expect("secret")
    const doubting = await run(t, source, port, {}, { proto: "tls" })
    await doubting.expect("mbedtls_ssl_handshake")
    assert.equal((await doubting.exited).name, "UnhandledException")
})

test("a TLS write that would crash an ESP32 is an error of the board", async t => {
    const port = await tlsPeer(t, socket => socket.resume())
    const board = await run(
        t,
        `await socket.send(Buffer.alloc(4095))
        console.log("sent")
        await socket.send(Buffer.alloc(4096))`,
        port,
        { tls: { ca: certificate } },
        { proto: "tls" }
    )
    const [error] = await once(board, "error")
    assert.match(String(error), /less than 4096 bytes in one TLS write/)
    assert.ok(board.log.some(({ text }) => text === "sent"))
})

test("the stock simulator opens TLS before the handshake", async t => {
    const port = await tcpPeer(t, () => {})
    const link = { like: "simulator" } as const
    const board = await run(t, ``, port, link, { proto: "tls" })
    await board.expect("connected")
})

test("Pico W has no TLS", async t => {
    const source = `import { connect } from "@devicescript/net"
        await connect({ host: "127.0.0.1", port: 443, proto: "tls", timeout: 50 })`
    const board = await Board.start(compileSource(source), {
        link: { like: "picow" },
    })
    t.after(() => board.stop())
    await board.expect("Timeout")
})
