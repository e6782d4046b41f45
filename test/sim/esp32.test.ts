/** What the ESP32's firmware does wrong (sim/esp32.ts), seen from a program that does not know of it. */
import assert from "node:assert/strict"
import { once } from "node:events"
import type { Socket } from "node:net"
import { test, type TestContext } from "node:test"
import { Board, type BoardOptions } from "../../sim/board.ts"
import { compileSource } from "../../sim/program.ts"
import { certificate, tcpPeer, tlsPeer } from "../wire/tcp-server.ts"

/** What a program has of the firmware's socket. */
const SOCKET = `import * as ds from "@devicescript/core"
    const vm = ds as any
    let seen = ""
    vm._socketOnEvent = (event: string, arg: any) => {
        seen += event + " "
        console.log(event + (typeof arg === "string" ? ": " + arg : ""))
    }\n`

async function run(t: TestContext, source: string, options: BoardOptions = {}) {
    const board = await Board.start(compileSource(SOCKET + source), options)
    t.after(() => board.stop())
    return board
}

/** Collects what comes. */
function collect(pieces: Buffer[]) {
    return (socket: Socket) => socket.on("data", data => pieces.push(data))
}

/** Writes kilobytes over TLS, all at once, with a round trip of 50 ms. @returns how many bytes came, how many were lost */
async function writeTls(t: TestContext, kilobytes: number) {
    const pieces: Buffer[] = []
    const port = await tlsPeer(t, collect(pieces))
    const board = await run(
        t,
        `vm._socketOpen("localhost", ${-port})
        while (seen !== "open ") await ds.sleep(1)
        for (let i = 0; i < ${kilobytes}; ++i)
            if (vm._socketWrite(Buffer.alloc(1024)) !== 0) console.log("refused")
        // what is stuck goes out with a later write, which is lost itself
        await ds.sleep(300)
        vm._socketWrite(Buffer.from("!"))
        await ds.sleep(300)
        console.log("all written")`,
        { link: { tls: { ca: certificate } } }
    )
    let lost = 0
    board.link.delay = 25
    board.link.on("lost", bytes => (lost += bytes.length))
    await board.expect("all written")
    assert.ok(!board.log.some(({ text }) => text === "refused"))
    return { came: Buffer.concat(pieces).length, lost }
}

test("over TLS what finds no room is lost, and every write says 0", async t => {
    const { came, lost } = await writeTls(t, 8)
    assert.ok(lost > 0)
    assert.equal(came + lost, 8 * 1024 + 1)
})

test("over TLS 4 KB are whole", async t => {
    assert.deepEqual(await writeTls(t, 4), { came: 4 * 1024 + 1, lost: 0 })
})

test("a connection that is given up comes all the same, and starts the firmware's own WebSocket client", async t => {
    const pieces: Buffer[] = []
    let told!: () => void
    const request = new Promise<void>(resolve => (told = resolve))
    const port = await tcpPeer(t, socket =>
        socket.on("data", data => {
            pieces.push(data)
            told()
        })
    )
    const board = await run(
        t,
        `vm._socketOpen("127.0.0.1", ${port})
        vm._socketClose()
        console.log("closed")
        await ds.sleep(60000)`
    )
    await board.expect("closed")
    await request
    assert.match(
        Buffer.concat(pieces).toString(),
        /^GET {2}HTTP\/1\.1\r\nHost: \r\n/
    )
})

test("the next open is told the outcome of the one before", async t => {
    const port = await tcpPeer(t, socket => socket.resume())
    const board = await run(
        t,
        `vm._socketOpen("127.0.0.1", 1)
        vm._socketClose()
        vm._socketOpen("127.0.0.1", ${port})
        await ds.sleep(60000)`
    )
    board.link.delay = 20
    await board.expect("error: can't connect")
})

test("a SYN that nobody answers is given up in the end", async t => {
    const port = await tcpPeer(t, socket => socket.resume())
    const source = `await ds.sleep(50)
        vm._socketOpen("127.0.0.1", ${port})
        console.log("wrote " + vm._socketWrite(hex\`00\`))
        await ds.sleep(60000)`
    const board = await run(t, source, { link: { connectTimeout: 200 } })
    board.link.silence()
    await board.expect("wrote -10")
    await board.expect("error: can't connect")
})

test("a write of no bytes, which panics the firmware, is an error of the board", async t => {
    const port = await tcpPeer(t, socket => socket.resume())
    const board = await run(
        t,
        `vm._socketOpen("127.0.0.1", ${port})
        while (seen !== "open ") await ds.sleep(1)
        vm._socketWrite("")`
    )
    const [error] = await once(board, "error")
    assert.match(String(error), /expected bytes to write/)
})

for (const [how, end, told] of [
    ["in order is a close", (socket: Socket) => socket.end(), "close"],
    [
        "without close_notify is an error",
        (socket: Socket) => socket.destroy(),
        "error: mbedtls_ssl_read",
    ],
] as const)
    test(`an end of TLS ${how}`, async t => {
        const port = await tlsPeer(t, socket =>
            socket.once("data", () => end(socket))
        )
        const board = await run(
            t,
            `vm._socketOpen("localhost", ${-port})
            while (seen !== "open ") await ds.sleep(1)
            vm._socketWrite("x")
            await ds.sleep(60000)`,
            { link: { tls: { ca: certificate } } }
        )
        await board.expect("open")
        await board.expect(new RegExp(`^${told}$`))
    })

test("a TLS record of 16 KB comes at once, with delivery idle", async t => {
    const port = await tlsPeer(t, socket =>
        socket.once("data", () => socket.write(Buffer.alloc(16_384)))
    )
    const board = await run(
        t,
        `let pieces = 0, turns = 0, at = 0
        vm._socketOnEvent = (event: string) => {
            if (event === "open") vm._socketWrite("x")
            if (event !== "data") return
            pieces++
            // the clock stands while the VM runs
            if (ds.millis() !== at) turns++
            at = ds.millis()
            if (pieces === 16) console.log("turns " + turns)
        }
        vm._socketOpen("localhost", ${-port})
        await ds.sleep(60000)`,
        { link: { delivery: "idle", tls: { ca: certificate } } }
    )
    await board.expect(/^turns [12]$/)
})

test("without Wi-Fi nothing can be opened; what is open stays, and goes on when it is back", async t => {
    const pieces: Buffer[] = []
    const port = await tcpPeer(t, collect(pieces))
    const board = await run(
        t,
        `vm._socketOpen("127.0.0.1", ${port})
        while (seen !== "open ") await ds.sleep(1)
        console.log("is open")
        await ds.sleep(100)
        try { vm._socketOpen("127.0.0.1", ${port}) } catch (e) { console.log((e as Error).message) }
        console.log("wrote " + vm._socketWrite("later"))
        await ds.sleep(60000)`
    )
    await board.expect("is open")
    board.link.isOnline = false
    await board.expect("network not available")
    await board.expect("wrote 0")
    assert.equal(pieces.length, 0)
    board.link.isOnline = true
    while (!pieces.length) await new Promise(setImmediate)
    assert.equal(Buffer.concat(pieces).toString(), "later")
})
