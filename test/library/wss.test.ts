/** Messages over TLS as an ESP32 does it, which loses without a word what runs too far ahead of its acknowledgements. */
import assert from "node:assert/strict"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { test, type TestContext } from "node:test"
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws"
import { Board } from "../../sim/board.ts"
import type { Delivery } from "../../sim/firmware.ts"
import { compileSource } from "../../sim/program.ts"
import { certificate } from "../wire/tcp-server.ts"

/** Serves wss://localhost until the test ends. @returns the port */
async function serve(
    t: TestContext,
    handle: (socket: WebSocket) => void,
    options: ServerOptions = {}
) {
    const key = readFileSync(
        new URL("../certificates/test-only.key.pem", import.meta.url)
    )
    const https = createServer({ key, cert: certificate })
    const server = new WebSocketServer({ ...options, server: https })
    server.on("connection", handle)
    https.listen(0, "127.0.0.1")
    await once(https, "listening")
    t.after(() => {
        for (const client of server.clients) client.terminate()
        https.close()
    })
    return (https.address() as AddressInfo).port
}

async function run(
    t: TestContext,
    port: number,
    delay: number,
    body: string,
    delivery?: Delivery,
    handshake = ""
) {
    const source = `import { connectOver } from "./src/websocket/connect-over"
        import { listen } from "./src/websocket/listen"
        import { startMessage } from "./src/websocket/message-writer"
        import { sleep } from "./src/fiber/clock"
        import { permessageDeflate } from "./src/websocket/permessage-deflate"
        import { dialNative } from "./src/net/native"
        const ws = await connectOver(dialNative, "wss://localhost:${port}/", { maxMessage: 12000, handshake: [${handshake}] })
        ${body}`
    const board = await Board.start(compileSource(source), {
        link: { delivery, tls: { ca: certificate } },
    })
    t.after(() => board.stop())
    board.link.delay = delay
    let lost = 0
    board.link.on("lost", bytes => (lost += bytes.length))
    return { board, lost: () => lost }
}

/** 1 MB takes minutes where the round trip is long: that is for who asks, by BYTES. */
const BYTES = Number(process.env.BYTES ?? 65_536)

for (const delay of [0, 2.5, 25, 100])
    test(`${BYTES} bytes arrive whole in messages of 1 KB, with a round trip of ${2 * delay} ms`, async t => {
        const hash = createHash("sha256")
        let came = 0
        const count = BYTES / 1024
        const port = await serve(t, socket =>
            socket.on("message", (data: Buffer) => {
                hash.update(data)
                came += data.length
                if (came === BYTES) socket.send("all")
            })
        )
        const { board, lost } = await run(
            t,
            port,
            delay,
            `const data = Buffer.alloc(1024)
            for (let i = 0; i < 1024; ++i) data[i] = (i * 7) & 0xff
            for (let n = 0; n < ${count}; ++n) {
                data.setAt(0, "u32", n)
                await ws.send(data)
            }
            console.log("reply " + (await ws.recv()).text())
            await ws.close()`
        )
        await board.expect("reply all", 600_000)
        const expected = createHash("sha256")
        for (let n = 0; n < count; n++) {
            const data = Buffer.from(
                Array.from({ length: 1024 }, (_, i) => (i * 7) & 0xff)
            )
            data.writeUInt32LE(n, 0)
            expected.update(data)
        }
        assert.equal(hash.digest("hex"), expected.digest("hex"))
        assert.equal(lost(), 0)
    })

test("messages of every length arrive whole, longer ones in fragments, and so do their echoes", async t => {
    const lengths = [0, 1, 125, 1879, 1880, 1881, 3760, 3761, 9000]
    const port = await serve(t, socket =>
        socket.on("message", (data, isBinary) =>
            socket.send(data, { binary: isBinary })
        )
    )
    const { board, lost } = await run(
        t,
        port,
        10,
        `for (const length of [${lengths.join(", ")}]) {
            const data = Buffer.alloc(length)
            for (let i = 0; i < length; i += 64) data[i] = i >> 6
            await ws.send(data)
            const reply = await ws.recv()
            let wrong = reply.data.length === length ? 0 : 1
            for (let i = 0; i < length; i += 64) if (reply.data[i] !== ((i >> 6) & 0xff)) wrong++
            console.log(length + " came back, wrong " + wrong)
        }`
    )
    for (const length of lengths)
        await board.expect(`${length} came back, wrong 0`, 30_000)
    assert.equal(lost(), 0)
})

test("compressed messages and slices arrive whole, those of more than two records in fragments, and so do their echoes", async t => {
    const lengths = [0, 31, 1000, 1900, 6000]
    let extensions = ""
    const port = await serve(
        t,
        socket => {
            extensions = socket.extensions
            socket.on("message", (data, isBinary) =>
                socket.send(data, { binary: isBinary })
            )
        },
        { perMessageDeflate: { threshold: 0 } }
    )
    const { board, lost } = await run(
        t,
        port,
        10,
        `for (const length of [${lengths.join(", ")}])
            for (const slice of [length, 700]) {
                // every other part of 100 bytes does not deflate
                const data = Buffer.alloc(length)
                for (let i = 0; i < length; ++i)
                    if (i % 200 < 100) data[i] = Math.randomInt(255)
                    else if (i % 50 === 0) await sleep(0)
                if (slice === length) await ws.send(data)
                else {
                    const writer = await startMessage(ws, false, length)
                    for (let at = 0; at < length; at += slice)
                        await writer.write(data.slice(at, Math.min(at + slice, length)))
                    await writer.end()
                }
                const reply = await ws.recv()
                let wrong = reply.data.length === length ? 0 : 1
                for (let i = 0; i + 4 <= length; i += 4)
                    if (reply.data.getAt(i, "i32") !== data.getAt(i, "i32")) wrong++
                console.log(length + " by " + slice + " came back, wrong " + wrong)
            }`,
        undefined,
        "permessageDeflate({ threshold: 0 })"
    )
    for (const length of lengths)
        for (const slice of [length, 700])
            await board.expect(
                `${length} by ${slice} came back, wrong 0`,
                30_000
            )
    assert.deepEqual([extensions, lost()], ["permessage-deflate", 0])
})

test("nobody needs to read: a program that only sends 20 KB, text of many bytes a character, to a server that talks", async t => {
    const text = "é€😀".repeat(300)
    let came = ""
    let all!: () => void
    const done = new Promise<void>(resolve => (all = resolve))
    const noise = randomBytes(200)
    const port = await serve(t, socket =>
        socket.on("message", data => {
            came += data.toString()
            socket.send(noise)
            if (came.length === 8 * text.length) all()
        })
    )
    const { board, lost } = await run(
        t,
        port,
        10,
        `let text = ""
        for (let i = 0; i < 300; ++i) text += "é€😀"
        for (let i = 0; i < 8; ++i) await ws.send(text)
        console.log("all sent")
        await ws.close()`
    )
    await board.expect("all sent", 30_000)
    await done
    assert.equal(came, text.repeat(8))
    assert.equal(lost(), 0)
})

test("Pongs do not run ahead either: a hundred long Pings at once, and the connection goes on", async t => {
    const port = await serve(t, socket => {
        for (let i = 0; i < 100; ++i) socket.ping(Buffer.alloc(125, i))
        socket.send("now")
        socket.on("message", data => socket.send(data.toString()))
    })
    const { board, lost } = await run(
        t,
        port,
        25,
        `console.log("came " + (await ws.recv()).text())
        await ws.send("echo")
        console.log("reply " + (await ws.recv()).text())`
    )
    await board.expect("reply echo", 60_000)
    assert.equal(lost(), 0)
})

test("a message of known length that is sent slice by slice arrives whole", async t => {
    let came = 0
    const port = await serve(t, socket =>
        socket.on("message", (data: Buffer) => {
            came = data.length
            socket.send("all")
        })
    )
    const { board, lost } = await run(
        t,
        port,
        10,
        `const writer = await startMessage(ws, false, 20000)
        for (let i = 0; i < 4; ++i) await writer.write(Buffer.alloc(5000))
        await writer.end()
        console.log("reply " + (await ws.recv()).text())`
    )
    await board.expect("reply all", 30_000)
    assert.deepEqual({ came, lost: lost() }, { came: 20_000, lost: 0 })
})

test("a server that closes while it owes a proof, which ws then never gives: the end is its code, and in order", async t => {
    const port = await serve(t, socket =>
        socket.once("message", () => socket.close(1001, "moving"))
    )
    const { board, lost } = await run(
        t,
        port,
        25,
        `listen(ws, {
            end: ({ code, reason, wasClean }) =>
                console.log("end " + code + " " + reason + " " + wasClean),
        })
        try {
            for (let i = 0; i < 100; ++i) await ws.send(Buffer.alloc(1024))
        } catch {}`
    )
    await board.expect("end 1001 moving true", 20_000)
    assert.equal(lost(), 0)
})

test("a TLS record of 12 KB, which the firmware hands over at once, arrives whole", async t => {
    const bytes = randomBytes(12_000)
    const port = await serve(t, socket =>
        socket.on("message", () => socket.send(bytes))
    )
    const { board } = await run(
        t,
        port,
        5,
        `for (let n = 0; n < 3; ++n) {
            await ws.send("more")
            const { data } = await ws.recv()
            console.log("came " + data.length + " " + data.slice(11900, 12000).toString("hex"))
        }`,
        "idle"
    )
    const end = bytes.subarray(11_900).toString("hex").slice(0, 100)
    for (let n = 0; n < 3; n++) await board.expect(`came 12000 ${end}`, 20_000)
})
