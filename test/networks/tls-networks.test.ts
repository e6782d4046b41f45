/** TLS by a pre-shared key over the other networks, whose links break. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Board } from "../../sim/board.ts"
import { MAKES, start as startCellular } from "./cellular-board.ts"
import { start as startEthernet, until } from "./ethernet-board.ts"
import { KEY } from "../wire/psk.ts"
import { serve } from "./tls-board.ts"

/** What stays between the exchanges: the least of what is there at 50 moments. */
async function leastLive(board: Board): Promise<number> {
    let least = Infinity
    for (let n = 0; n < 50; n++) {
        least = Math.min(least, board.heap().live)
        await new Promise(resolve => setTimeout(resolve, 3))
    }
    return least
}

const overEthernet = {
    secure: true,
    key: KEY.toString("hex"),
    timeout: 5000,
}

for (const size of [32, 1024])
    test(`over Ethernet: 400 exchanges of ${size} B, and no memory lost`, async t => {
        const { port } = await serve(t)
        const { board, lan } = await startEthernet(t, {
            settings: { ...overEthernet, port, size, count: 400 },
        })
        await board.expect("echo at 100", 60_000)
        const before = await leastLive(board)
        await board.expect("echo at 300", 60_000)
        const after = await leastLive(board)
        t.diagnostic(`live heap: ${before} B, ${after} B`)
        assert.ok(Math.abs(after - before) < 256)
        await board.expect("echo done 400", 60_000)
        await until("no connection", () => !lan.connections)
    })

test("over Ethernet, a connection that is reset: an error, and a new one", async t => {
    const { port } = await serve(t)
    const { board, lan } = await startEthernet(t, {
        settings: { ...overEthernet, mode: "watch", port, size: 900 },
    })
    for (let n = 0; n < 5; n++) {
        await board.expect("connected", 30_000)
        await board.expect("echo")
        // with luck in mid-record
        await new Promise(resolve => setTimeout(resolve, 7 * n))
        lan.resetAll()
        await board.expect(/error: w5500: .*: reset by the peer/)
    }
    await board.expect("connected")
    await board.expect("echo")
})

test("over Ethernet, a link that falls silent: an error in time", async t => {
    const { port } = await serve(t)
    const { board, lan } = await startEthernet(t, {
        settings: { ...overEthernet, mode: "watch", port, timeout: 1500 },
    })
    await board.expect("echo 3")
    lan.silence(true)
    await board.expect("error")
    await board.expect("error")
    lan.silence(false)
    await board.expect("echo", 30_000)
})

for (const make of MAKES)
    for (const size of [32, 1500])
        test(`over a ${make} modem: exchanges of ${size} B`, async t => {
            const { port } = await serve(t)
            const { board } = await startCellular(t, make, {
                settings: {
                    ...{ secure: true, key: KEY.toString("hex") },
                    ...{ port, size, count: 10, timeout: 20_000 },
                },
                port,
            })
            await board.expect("echo done 10", 60_000)
        })

for (const make of MAKES)
    test(`over a ${make} modem, a connection that ends: an error, and a new one`, async t => {
        let ends = 3
        const { port } = await serve(t, {}, socket => {
            socket.pipe(socket)
            if (ends-- > 0) socket.once("data", () => socket.destroy())
        })
        const { board } = await startCellular(t, make, {
            settings: {
                ...{ secure: true, key: KEY.toString("hex") },
                ...{ mode: "watch", port, timeout: 10_000 },
            },
            port,
        })
        for (let n = 0; n < 3; n++) {
            await board.expect("connected", 60_000)
            await board.expect("error", 30_000)
        }
        await board.expect("connected", 60_000)
        await board.expect("echo", 30_000)
    })
