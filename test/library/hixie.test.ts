/** The library's draft-hixie-76 and draft-hixie-75 against faye's `websocket-driver`. */
import assert from "node:assert/strict"
import { createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { on } from "node:events"
import { test, type TestContext } from "node:test"
import { startServer } from "../../server/server.ts"
import { Board } from "../../sim/board.ts"
import { compile, compileSource } from "../../sim/program.ts"
import { http, type Driver } from "../wire/faye.ts"
import { startClient } from "./client-peer.ts"

/** A client of the server. */
interface Peer {
    driver: Driver
    socket: Socket
    /** What it sends, as it arrives. */
    messages: AsyncIterator<[string]>
}

/** Starts a server. @returns its URL, and its clients one after the other */
async function serve(t: TestContext) {
    const server = createServer()
    const peers = on(server, "peer") as AsyncIterator<[Peer]>
    server.on("upgrade", (request, socket: Socket, head) => {
        const driver = http(request, {})
        const messages = on(socket, "text") as AsyncIterator<[string]>
        driver.on("message", ({ data }) => socket.emit("text", data))
        driver.on("close", () => socket.end())
        driver.on("open", () =>
            server.emit("peer", { driver, socket, messages })
        )
        driver.io.write(head)
        socket.pipe(driver.io).pipe(socket)
        driver.start()
    })
    await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
    t.after(() => {
        server.closeAllConnections()
        server.close()
    })
    const { port } = server.address() as AddressInfo
    return {
        url: `ws://127.0.0.1:${port}/chat?room=1`,
        next: async () => (await peers.next()).value[0] as Peer,
    }
}

/** A text of so many bytes, in characters of 1 to 4 bytes. */
function textOf(size: number): string {
    const text = "aé漢😀".repeat(size / 10)
    return text + "x".repeat(size - Buffer.byteLength(text))
}

for (const version of ["hixie-76", "hixie-75"]) {
    for (const piece of [1, 7, 1460])
        test(`${version}: texts come back unchanged, in TCP pieces of up to ${piece} bytes`, async t => {
            const { url, next } = await serve(t)
            await startClient(
                t,
                "hixie",
                { URL: url, VERSION: version },
                { link: { piece } }
            )
            const { driver, messages } = await next()
            assert.equal(driver.version, version)
            for (const size of [0, 1, 125, 126, 1008, 1009, 4000]) {
                const text = textOf(size)
                driver.text(text)
                assert.deepEqual((await messages.next()).value, [text])
            }
        })

    test(`${version}: connects again when the server has closed, and closes by itself`, async t => {
        const { url, next } = await serve(t)
        const board = await startClient(t, "hixie", {
            URL: url,
            VERSION: version,
        })
        const clean = version === "hixie-76"
        const closed = clean ? /^closed 1005 clean/ : /^closed 1006 torn $/
        for (let i = 0; i < 3; i++) {
            const { driver } = await next()
            driver.close()
            await board.expect(closed)
        }
        const { driver, socket } = await next()
        driver.text("bye")
        await board.expect(closed)
        if (!socket.readableEnded)
            await new Promise(done => socket.once("end", done))
    })
}

for (const version of ["Hixie76", "Hixie75"])
    test(`${version}: the echo server of this project answers, tells its plot's subprotocol, and ends with the client`, async t => {
        const server = await startServer({ port: 0 })
        t.after(() => server.close())
        const source = `
import { connect${version}, dialNative } from "./src"
const ws = await connect${version}(dialNative, "${server.url}", {
    protocol: "teleplot",
    closeTimeout: 60000,
})
await ws.send(">temperature:20")
for (const text of ["Hello €", ""]) {
    await ws.send(text)
    console.log((await ws.recv()).text())
}
await ws.close()
console.log("closed " + ws.protocol)`
        const board = await Board.start(compileSource(source, "drafts.ts"))
        t.after(() => board.stop())
        for (const line of ["€ olleH", "", "closed teleplot"])
            await board.expect(line)
    })

/** What only the drafts need: texts, functions, and the first of MD5's sines. */
const TEXTS = ["draft-hixie", "Sec-WebSocket-Key1", "answer to the keys"]
const SINES = Buffer.from("78a46ad756b7c7e8", "hex")
const FUNCTIONS = ["request76", "HixieConnection", "newKey", "md5"]

/** What a program has of these. */
function traces(program: string): string[] {
    const { bytecode, debug } = compile(program)
    const image = Buffer.from(bytecode)
    return [
        ...TEXTS.filter(text => image.includes(text)),
        ...(image.includes(SINES) ? ["sines"] : []),
        ...FUNCTIONS.filter(known =>
            debug.functions.some(({ name }) => name === known)
        ),
    ]
}

test("a program that only uses RFC 6455 carries nothing of the drafts", () => {
    assert.deepEqual(traces("bench/device/size-hixie76.ts"), [
        ...TEXTS,
        "sines",
        ...FUNCTIONS,
    ])
    for (const program of ["size-websocket", "size-reconnect"])
        assert.deepEqual(traces(`bench/device/${program}.ts`), [])
})
