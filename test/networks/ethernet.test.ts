import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import type { AddressInfo } from "node:net"
import { test, type TestContext } from "node:test"
import { WebSocketServer, type WebSocket } from "ws"
import { startServer } from "../../server/server.ts"
import { network } from "../../sim/chips/w5500/home.ts"
import { run } from "../../tools/toolchain/devs.ts"
import { once } from "../wire/wait.ts"
import { allClosed, start, startBoard } from "./ethernet-board.ts"

/** A WebSocket server of Node's most used library. */
async function listen(t: TestContext, handle: (socket: WebSocket) => void) {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
    server.on("connection", handle)
    await once(server, "listening")
    t.after(() => {
        for (const client of server.clients) client.terminate()
        server.close()
    })
    const { port } = server.address() as AddressInfo
    return `ws://${network.machine}:${port}/`
}

function sendBack(socket: WebSocket) {
    socket.on("message", (data, binary) => socket.send(data, { binary }))
}

test("the echo program: a thousand exchanges, all right, and no memory lost", async t => {
    const server = await startServer({ port: 0 })
    t.after(() => server.close())
    const { board, chip, lan } = await startBoard(
        t,
        "sim/device/main-ethernet.ts",
        { URL: server.url, COUNT: 1000, INTERVAL: 10 }
    )
    await board.expect(/^right 100 /)
    const before = board.heap()
    await board.expect(/^right 900 /, 60_000)
    const after = board.heap()
    await board.expect("summary sent=1000 right=1000 wrong=0 lost=0")
    await board.expect("closed 1000")
    t.diagnostic(`live heap: ${before.live} bytes at 100, ${after.live} at 900`)
    // a fiber more or less that waits is some 100 bytes
    assert.ok(Math.abs(after.live - before.live) < 1000)
    await allClosed(chip, lan)
})

test("npm start -- --network ethernet ends by itself, with exit code 0", async () => {
    const options = [
        "--network",
        "ethernet",
        "--count",
        "3",
        "--interval",
        "20",
    ]
    const { code, output } = await run(
        process.execPath,
        ["--import", "tsx", "tools/commands/start.ts", ...options],
        true
    )
    assert.equal(code, 0, output)
    assert.match(output, /^summary sent=3 right=3 wrong=0 lost=0 /m)
})

test("two WebSockets at once", async t => {
    const url = await listen(t, sendBack)
    const { board, chip, lan } = await startBoard(
        t,
        "test/device/ethernet-websocket.ts",
        { url, mode: "two", count: 200, size: 500 }
    )
    await board.expect(/(one|two) open/)
    await board.expect(/(one|two) open/)
    await board.expect(/(one|two) done 200/)
    await board.expect(/(one|two) done 200/)
    await allClosed(chip, lan)
})

test("a message of 16 MB comes back through constant memory", async t => {
    const sent = randomBytes(16 * 1024 * 1024)
    let compare: (reply: Buffer) => void
    const reply = new Promise<Buffer>(resolve => (compare = resolve))
    const url = await listen(t, socket => {
        socket.on("message", data => {
            compare(data as Buffer)
            socket.close(1000)
        })
        socket.send(sent)
    })
    const { board } = await startBoard(t, "test/device/ethernet-websocket.ts", {
        url,
        mode: "stream",
    })
    board.watchPeak()
    const begin = performance.now()
    await board.expect(`one echoed ${sent.length}`, 300_000)
    const seconds = (performance.now() - begin) / 1000
    assert.ok((await reply).equals(sent))
    const { live } = board.peak()
    t.diagnostic(
        `${(sent.length / 1024 / seconds).toFixed(0)} KB/s, at most ${live} bytes of heap live`
    )
    assert.ok(live < 40_000)
})

for (const [size, transactions] of [
    [32, 10],
    [1024, 22],
])
    test(`SPI traffic of an exchange of ${size} bytes`, async t => {
        const url = await listen(t, sendBack)
        const { board, wire } = await startBoard(
            t,
            "test/device/ethernet-websocket.ts",
            { url, count: 200, size }
        )
        await board.expect("one at 100")
        const before = { ...wire }
        await board.expect("one at 200")
        const perExchange = {
            transactions: (wire.transactions - before.transactions) / 100,
            bytes: (wire.bytes - before.bytes) / 100,
        }
        t.diagnostic(JSON.stringify(perExchange))
        assert.ok(perExchange.transactions < transactions)
        assert.ok(perExchange.bytes < 2 * size + 1000)
    })

test("SPI traffic of received data", async t => {
    const kilobytes = 1024
    const { board, wire } = await start(t, {
        settings: { mode: "sink" },
        serve: socket => socket.end(Buffer.alloc(kilobytes * 1024)),
    })
    await board.expect(`received ${kilobytes * 1024}`)
    const perKilobyte = {
        transactions: wire.transactions / kilobytes,
        bytes: wire.bytes / kilobytes,
    }
    t.diagnostic(JSON.stringify(perKilobyte))
    assert.ok(perKilobyte.transactions < 6)
    assert.ok(perKilobyte.bytes < 1024 + 150)
})
