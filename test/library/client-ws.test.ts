/** Messages between the client library on a board and the npm package `ws`. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test, type TestContext } from "node:test"
import { Board } from "../../sim/board.ts"
import type { LinkOptions } from "../../sim/link.ts"
import { serve, soon, startClient } from "./client-peer.ts"

/** Those around the limits of a frame's header, of the library's writes (1,008) and slices (1,460), and of a message. */
const SIZES = [0, 1, 125, 126, 127, 1008, 1009, 1460, 1461, 4095, 4096]

/** Most pieces that a message comes in: byte by byte, the simulation of long ones takes long. */
const PIECES = 600

/** A connection to a client that sends back what it gets. */
async function connected(t: TestContext, link: LinkOptions = {}) {
    const server = await serve(t)
    const board = await startClient(t, "remote", { URL: server.url }, { link })
    return { board, peer: await server.next() }
}

/** A text of so many bytes, in characters of 1 to 4 bytes. */
function textOf(size: number): string {
    const characters = [..."aé漢😀"]
    let text = ""
    let left = size
    for (let i = 0; left > 0; i++) {
        const length = Buffer.byteLength(characters[i % 4])
        text += length <= left ? characters[i % 4] : "x".repeat(left)
        left -= Math.min(length, left)
    }
    return text
}

for (const piece of [1, 2, 7, 64, 1024, 1460])
    test(`texts and binaries of 0 to 4 KB come back unchanged, in TCP pieces of up to ${piece} bytes`, async t => {
        const { peer } = await connected(t, { piece })
        for (const size of SIZES.filter(size => size <= PIECES * piece))
            for (const data of [textOf(size), randomBytes(size)]) {
                peer.socket.send(data)
                await peer.expect(data)
            }
    })

test("messages longer than the memory come back, slice by slice", async t => {
    const server = await serve(t)
    const board = await Board.start("examples/stream-echo.ts", {
        settings: { URL: server.url },
    })
    t.after(() => board.stop())
    const peer = await server.next()
    for (const data of [textOf(16384), randomBytes(300_000)]) {
        peer.socket.send(data)
        await peer.expect(data)
    }
    peer.socket.close(1000)
    await board.expect("2 messages, 316384 bytes, closed with 1000")
})

test("300 KB that are sent at once come back in order", async t => {
    const { peer } = await connected(t)
    const all = Array.from({ length: 300 }, () => randomBytes(1024))
    for (const data of all) peer.socket.send(data)
    for (const data of all) await peer.expect(data)
})

test("a message that is cut into fragments in every possible way is one message, with Pings between them or not", async t => {
    const { peer } = await connected(t)
    const whole = Buffer.from("aé漢😀")
    let pings = 0
    let pong = -1
    // RFC 6455, 5.5.3: of several Pings the newest may be the only one that is answered
    peer.socket.on("pong", payload => {
        assert.ok(Number(payload) > pong, `Pong ${payload} after ${pong}`)
        pong = Number(payload)
    })
    for (let cuts = 0; cuts < 2 ** (whole.length - 1); cuts++) {
        let from = 0
        for (let to = 1; to <= whole.length; to++) {
            if (to < whole.length && !(cuts & (1 << (to - 1)))) continue
            const fin = to === whole.length
            const binary = cuts % 3 === 0
            peer.socket.send(whole.subarray(from, to), { fin, binary })
            if (cuts & 1) peer.socket.ping(String(pings++))
            from = to
        }
        await peer.expect(cuts % 3 === 0 ? whole : whole.toString())
    }
    // it comes behind the echo when the Ping came behind the last fragment
    while (pong < pings - 1) await soon(peer.socket, "pong")
})

test("empty fragments change nothing, wherever they are", async t => {
    const { peer } = await connected(t)
    for (const fragments of [
        ["", "ab"],
        ["ab", ""],
        ["", "", "a", "", "b", "", ""],
        ["", ""],
    ]) {
        for (const [i, part] of fragments.entries())
            peer.socket.send(part, { fin: i === fragments.length - 1 })
        await peer.expect(fragments.join(""))
    }
})

test("4 KB in fragments of 100 bytes come back", async t => {
    const { peer } = await connected(t)
    const data = randomBytes(4096)
    for (let at = 0; at < data.length; at += 100)
        peer.socket.send(data.subarray(at, at + 100), {
            fin: at + 100 >= data.length,
        })
    await peer.expect(data)
})

test("Pings of any length come back as Pongs, and Pongs that nothing asked for do no harm", async t => {
    const { peer } = await connected(t)
    for (const size of [0, 1, 124, 125]) {
        const payload = randomBytes(size)
        const pong = soon(peer.socket, "pong")
        peer.socket.pong(payload)
        peer.socket.ping(payload)
        assert.deepEqual((await pong)[0], payload)
    }
    peer.socket.send("still here")
    await peer.expect("still here")
})

test("the client's own Ping is answered", async t => {
    const { board, peer } = await connected(t)
    const ping = soon(peer.socket, "ping")
    peer.socket.send("!ping")
    await board.expect(/^pong tick \d+ ms$/)
    assert.equal(String((await ping)[0]), "tick")
})

test("a message in slices, while another fiber sends: fragments of one message, and the other one behind it", async t => {
    const { peer } = await connected(t)
    peer.socket.send("!slices")
    await peer.expect("onetwothree")
    await peer.expect("behind")
})

test("a burst of small pieces that nothing holds back ends the connection, not the program", async t => {
    const { board, peer } = await connected(t, { delivery: "idle", piece: 52 })
    peer.socket.send("!sleep 200")
    for (let i = 0; i < 800; i++) peer.socket.send(randomBytes(50))
    await board.expect("more than 24576 bytes came faster than they were read")
    await board.expect('end 1006 "" torn')
})
