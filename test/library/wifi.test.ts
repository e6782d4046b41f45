/** The board's own Wi-Fi: from power-on to the first message, and what the program is told when that fails. */
import assert from "node:assert/strict"
import type { Socket } from "node:net"
import { test, type TestContext } from "node:test"
import { Board, type BoardOptions } from "../../sim/board.ts"
import { compileSource } from "../../sim/program.ts"
import { tcpPeer } from "../wire/tcp-server.ts"
import { serve } from "./client-peer.ts"

const IMPORTS = `import { joinWifi } from "./src/net/wifi"
    import { dialNative } from "./src/net/native"
    import { sleep } from "./src/fiber/clock"\n`

async function run(t: TestContext, source: string, options: BoardOptions) {
    const board = await Board.start(compileSource(IMPORTS + source), options)
    t.after(() => board.stop())
    return board
}

const echo = (socket: Socket) => socket.pipe(socket)

/** Dials again and again, and says what comes of it. */
const exchanges = (port: number, timeout = 30_000) => `
    while (true) {
        try {
            const stream = await dialNative({ host: "127.0.0.1", port: ${port}, timeout: ${timeout} })
            await stream.send(Buffer.from("x"))
            console.log("echo " + (await stream.recv(5000)).toString())
            await stream.close()
        } catch (e) {
            console.log((e as Error).message)
        }
        await sleep(100)
    }`

for (const after of [0, 1500])
    test(`the first message comes from power-on, with Wi-Fi after ${after} ms`, async t => {
        const port = await tcpPeer(t, echo)
        const board = await run(
            t,
            `joinWifi("home", "secret")
            const stream = await dialNative({ host: "127.0.0.1", port: ${port} })
            await stream.send(Buffer.from("x"))
            console.log("echo " + (await stream.recv()).toString())`,
            { wifi: { ssid: "home", password: "secret", after } }
        )
        await board.expect(`tcp://127.0.0.1:${port}: waiting for the network`)
        await board.expect("wifi: joined home", 20_000)
        await board.expect("echo x")
    })

test("a board that knows the network from before needs no joining, and waits all the same", async t => {
    const port = await tcpPeer(t, echo)
    const board = await run(t, exchanges(port), {
        wifi: { known: { ssid: "home", password: "secret" } },
    })
    await board.expect("waiting for the network")
    await board.expect("echo x")
})

for (const [what, wifi, told] of [
    [
        "a wrong password",
        { ssid: "home", password: "other" },
        "wifi: can't join home: wrong password?",
    ],
    [
        "no access point of that name",
        { ssid: "other" },
        "wifi: no access point home",
    ],
    [
        "a wrong password on a Pico W, which tells of no failure to join",
        { ssid: "home", password: "other", isMute: true, scanEvery: 500 },
        "wifi: can't join home: wrong password?",
    ],
] as const)
    test(`${what} is told, and is the reason why nothing can be dialed`, async t => {
        const source = `joinWifi("home", "secret")
            ${exchanges(1, 8000)}`
        const board = await run(t, source, { wifi })
        await board.expect(told)
        await board.expect(`tcp://127.0.0.1:1: ${told}`, 20_000)
    })

test("a network that goes and comes back is joined again", async t => {
    const port = await tcpPeer(t, echo)
    const source = `joinWifi("home")
        ${exchanges(port, 1000)}`
    const board = await run(t, source, { wifi: { scanEvery: 1000 } })
    await board.expect("wifi: joined home")
    await board.expect("echo x")
    board.wifi!.vanish()
    await board.expect("wifi: lost home")
    await board.expect(`tcp://127.0.0.1:${port}: wifi: no access point home`)
    board.wifi!.appear()
    await board.expect("wifi: joined home")
    await board.expect("echo x")
})

test("another network than the one that the board is in is joined without a reset", async t => {
    const port = await tcpPeer(t, echo)
    const board = await run(
        t,
        `const first = await dialNative({ host: "127.0.0.1", port: ${port} })
        await first.close()
        joinWifi("new", "secret")
        ${exchanges(port)}`,
        { wifi: { known: { ssid: "old", password: "secret" } } }
    )
    await board.expect("wifi: joined new", 20_000)
    await board.expect("echo x")
})

test("a name or a password that an ESP32 would cut off is refused", async t => {
    const board = await run(
        t,
        `for (const length of [31, 32]) {
            let text = ""
            while (text.length < length) text += "x"
            try { joinWifi(text); console.log("joins " + length) }
            catch (e) { console.log((e as Error).name + " " + length) }
            try { joinWifi("home", text + text); console.log("key " + 2 * length) }
            catch (e) { console.log((e as Error).name + " key " + 2 * length) }
        }`,
        { wifi: {} }
    )
    await board.expect("joins 31")
    await board.expect("key 62")
    await board.expect("RangeError 32")
    await board.expect("RangeError key 64")
})

test("what was dialed and given up reaches nobody: not the next dial, not the server", async t => {
    const received: string[] = []
    const port = await tcpPeer(t, socket =>
        socket.on("data", data => {
            received.push(data.toString())
            socket.write(data)
        })
    )
    const board = await run(
        t,
        `console.log("begins")
        await sleep(50)
        try { await dialNative({ host: "127.0.0.1", port: ${port}, timeout: 100 }) }
        catch (e) { console.log((e as Error).message) }
        ${exchanges(port)}`,
        {}
    )
    board.link.silence()
    await board.expect("no connection within 100 ms")
    board.link.resume()
    for (let i = 0; i < 3; i++) await board.expect("echo x")
    assert.ok(received.length >= 3)
    assert.deepEqual([...new Set(received)], ["x"])
})

test("the echo program, with Wi-Fi after a second: every message is right", async t => {
    const server = await serve(t)
    const board = await Board.start("src/main.ts", {
        wifi: { ssid: "home", password: "secret", after: 1000 },
        settings: {
            URL: server.url,
            SSID: "home",
            PASSWORD: "secret",
            COUNT: 3,
            INTERVAL: 10,
            SUMMARY: 0,
        },
    })
    t.after(() => board.stop())
    await board.expect("wifi: joined home", 30_000)
    const peer = await server.next()
    peer.socket.on("message", data =>
        peer.socket.send([...data.toString()].reverse().join(""))
    )
    await board.expect("summary sent=3 right=3 wrong=0 lost=0", 20_000)
})
