/** A modem whose state is another one than it said: asked, and brought up again step by step. */
import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, test } from "node:test"
import { MAKES, start } from "./cellular-board.ts"

const watch = { mode: "watch", timeout: 3000 }

/** What a modem may say when it has started again. */
const BANNERS: Record<string, string[]> = {
    nothing: [],
    garbage: ["\xff\xfe\x00RD", "\x80Y"],
    "half of it": ["*ATREA", "RD"],
    "another line": ["SMS DONE", "PB DONE"],
    "another case": ["Ready", "Call Ready"],
    "several lines in one": ["RDY+CFUN: 1+CPIN: READY"],
    "that the SIM is not ready": ["+CPIN: NOT READY"],
}

for (const make of MAKES)
    describe(make, { concurrency: 6 }, () => {
        for (const context of ["closed", "stale"] as const)
            test(`the network closes the context in silence (${context}): asked, and opened again`, async t => {
                const { board, modem } = await start(t, make, {
                    settings: watch,
                })
                await board.expect("echo 3")
                modem.loseSilently(context)
                await board.expect(/error: /, 20_000)
                const before = modem.commands.length
                await board.expect("connected", 30_000)
                await board.expect("echo")
                assert.ok(modem.commands.length - before < 200)
            })

        for (const [name, banner] of Object.entries(BANNERS))
            test(`the modem starts again and says ${name}`, async t => {
                const { board, modem } = await start(t, make, {
                    settings: watch,
                })
                await board.expect("echo 3")
                modem.restart(banner)
                await board.expect(/error: /, 20_000)
                await board.expect("connected", 30_000)
                await board.expect("echo")
            })

        test("the modem starts again while nothing is sent: a waiting reader hears of it", async t => {
            const { board, modem } = await start(t, make, {
                settings: { mode: "listen" },
            })
            await board.expect("listening")
            modem.restart([])
            await board.expect(/error: /, 20_000)
        })

        test("the modem starts again at another baud rate", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.restart()
            modem.baud = 9600
            await board.expect("connected", 60_000)
            await board.expect("echo")
            assert.equal(modem.baud, 115_200)
        })

        for (const [stuck, presses] of [
            ["radio", 0],
            ["restart", 0],
            ["power", 2],
        ] as const)
            test(`no address until ${stuck}: that is what it comes to, step by step`, async t => {
                const { board, modem } = await start(t, make, {
                    settings: { ...watch, powerkey: true },
                })
                await board.expect("echo 3")
                modem.faults.stuck = stuck
                modem.loseSilently("closed")
                await board.expect("connected", 100_000)
                await board.expect("echo")
                assert.equal(modem.presses.length, presses)
            })

        test("hung firmware: the power key, and not again and again", async t => {
            const { board, modem } = await start(t, make, {
                settings: { ...watch, powerkey: true },
            })
            await board.expect("echo 3")
            modem.faults.hung = true
            await board.expect("connected", 100_000)
            await board.expect("echo")
            const { length } = modem.presses
            modem.faults.silent = true
            await sleep(20_000)
            assert.equal(modem.presses.length, length)
        })

        test("a modem without a context does not get more than a few commands a second", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.faults.stuck = "power"
            modem.loseSilently("stale")
            await board.expect(/error: /, 20_000)
            const before = modem.commands.length
            await sleep(10_000)
            const count = modem.commands.length - before
            assert.ok(count < 100, `${count} commands in 10 s`)
        })
    })

test("a power key that wants 2 s to switch on, and 3 s to switch off (EG915U)", async t => {
    const { board } = await start(t, "quectel", {
        settings: { powerkey: true, modem: "eg915u", timeout: 60_000 },
        modem: { off: true, powerKey: { on: 2000, off: 3000 } },
    })
    await board.expect("echo done 1", 10_000)
})

test("the same for a program that does not know which of a make it is", async t => {
    const { board } = await start(t, "quectel", {
        settings: { powerkey: true, timeout: 120_000 },
        modem: { off: true, powerKey: { on: 2000, off: 3000 } },
    })
    await board.expect("echo done 1", 120_000)
})
