/** What a modem says, in forms and orders that are not those of its manual. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, test, type TestContext } from "node:test"
import {
    CERTIFICATE,
    MAKES,
    serveTls,
    start,
    until,
    type Make,
    type Setup,
} from "./cellular-board.ts"

const watch = { mode: "watch", timeout: 3000 }

const COMMANDS: Record<Make, { send: string; read: string; urc: string }> = {
    simcom: { send: "+CIPSEND", read: "+CIPRXGET=2", urc: "+CIPRXGET: 1,9" },
    quectel: { send: "+QISEND", read: "+QIRD", urc: '+QIURC: "recv",9' },
}

/** A server that sends `bytes` at once and ends; the program says how many came. */
async function sink(
    t: TestContext,
    make: Make,
    bytes: number,
    setup: Partial<Setup>
) {
    const sent = randomBytes(bytes)
    return await start(t, make, {
        settings: { mode: "sink" },
        serve: socket => socket.end(sent),
        ...setup,
    })
}

for (const make of MAKES) {
    const { send, read, urc } = COMMANDS[make]

    describe(make, { concurrency: 6 }, () => {
        for (const [name, where, text] of [
            ["a notice right behind the prompt", "prompted", `\r\n${urc}\r\n`],
            ["a notice on the prompt's line", "prompted", `${urc}\r\n`],
            ["a notice and the prompt in one line", "prompt", urc],
            ["the prompt twice", "prompted", "> "],
            ["the prompt twice, in two lines", "prompted", "\r\n> \r\n"],
        ] as const)
            test(name, async t => {
                const { board } = await start(t, make, {
                    settings: { count: 10 },
                    prepare: modem =>
                        (modem.faults.interject = {
                            command: send,
                            where,
                            text,
                        }),
                })
                await board.expect("echo done 10")
            })

        for (const [name, respell] of [
            ["more spaces", (said: string) => said.replace(": ", ":   ")],
            ["no spaces", (said: string) => said.replace(": ", ":")],
            [
                "spaces at the end",
                (said: string) => said.replace(/\r\n$/, "  \r\n"),
            ],
            [
                "spaces around commas",
                (said: string) => said.replaceAll(",", " , "),
            ],
            ["more line breaks", (said: string) => `\r\n\r\n${said}`],
            [
                "carriage returns doubled",
                (said: string) => said.replaceAll("\r", "\r\r"),
            ],
            [
                "no empty line before",
                (said: string) => said.replace(/^\r\n/, ""),
            ],
        ] as const)
            test(`${name} in all that it says`, async t => {
                const { board } = await start(t, make, {
                    settings: { count: 10, size: 1500 },
                    modem: { trust: {} },
                    prepare: modem => (modem.faults.respell = respell),
                })
                await board.expect("echo done 10", 20_000)
            })

        test("an echo that ATE0 does not end", async t => {
            const { board } = await start(t, make, {
                settings: { count: 10 },
                prepare: modem => (modem.faults.keepsEcho = true),
            })
            await board.expect("echo done 10")
        })

        test("commands that TCP does not need are refused for ever", async t => {
            const { board } = await start(t, make, {
                settings: { count: 3 },
                prepare: modem =>
                    (modem.faults.refuse = {
                        command: [
                            "E0",
                            "+CMEE",
                            "+CTZU",
                            "+COPS",
                            "+CSQ",
                            "+CGPADDR",
                            "+CEREG",
                        ],
                    }),
            })
            await board.expect("echo done 3", 20_000)
        })

        test("they are never answered", async t => {
            const { board } = await start(t, make, {
                settings: { count: 3, timeout: 60_000 },
                prepare: modem =>
                    (modem.faults.refuse = {
                        command: ["+CTZU", "+COPS"],
                        with: "",
                    }),
            })
            await board.expect("echo done 3", 40_000)
        })

        for (const shortRead of [1, 100])
            test(`reads that hand out ${shortRead} bytes at most, of a server that has closed, are read to the end`, async t => {
                const { board } = await sink(t, make, 50 * shortRead + 7, {
                    prepare: modem => (modem.faults.shortRead = shortRead),
                })
                await board.expect(`received ${50 * shortRead + 7}`, 30_000)
            })

        test("reads that hand out nothing at first, of a server that has closed, are tried again", async t => {
            const { board } = await sink(t, make, 3000, {
                prepare: modem => (modem.faults.emptyRead = 3),
            })
            await board.expect("received 3000", 20_000)
        })

        test("reads that never hand out what is there: an error, not an end, and no hammering", async t => {
            const { board, modem } = await sink(t, make, 3000, {
                prepare: modem => (modem.faults.emptyRead = 1e9),
            })
            await board.expect(/error: modem: .*3000 bytes/, 30_000)
            assert.ok(modem.commands.length < 150)
        })

        test("a read that is refused after the peer has closed: an error, not an end", async t => {
            const { board } = await sink(t, make, 3000, {
                prepare: modem => {
                    modem.faults.shortRead = 100
                    setTimeout(() => {}, 0)
                },
                serve: socket =>
                    socket.write(randomBytes(2000), () => socket.end()),
            })
            await board.expect("received 2000", 20_000)
        })

        test("a connection that is gone when a piece is sent: one error at once, and a new connection", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.faults.gone = 1
            const before = modem.commands.length
            await board.expect(
                /error: modem: .*(connection gone|SEND: ERROR)/,
                5000
            )
            assert.ok(modem.commands.length - before < 60)
            await board.expect("connected")
            await board.expect("echo")
        })

        test("a modem that never has room is asked less and less often", async t => {
            const { board, modem } = await start(t, make, {
                settings: { ...watch, mode: "echo" },
                prepare: modem => (modem.faults.full = 1e9),
            })
            await until("the first piece is refused", () =>
                modem.commands.some(line => line.startsWith(`AT${send}`))
            )
            const before = modem.commands.length
            await sleep(5000)
            assert.ok(modem.commands.length - before < 30)
            modem.faults.full = 0
            await board.expect("echo done 1", 20_000)
        })

        test("a flood of announcements with nothing behind them does not become a flood of reads", async t => {
            const { board, modem } = await start(t, make, {
                settings: { mode: "listen" },
            })
            await board.expect("listening")
            const before = modem.commands.length
            const announcement = urc.replace("9", "0")
            for (let n = 0; n < 50; ++n) {
                modem.say(announcement)
                await sleep(100)
            }
            assert.ok(modem.commands.length - before < 60)
        })

        test(`${read} in lines that end with CR LF only after a while`, async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 1")
            modem.raw("\r\n+CSQ: 20")
            await board.expect("echo")
            modem.raw(",99\r\n")
            await board.expect("echo")
            assert.equal(
                board.log.filter(({ text }) => text.startsWith("error")).length,
                0
            )
        })
    })
}

test("simcom: TLS hands out a read in parts, all of which arrive", async t => {
    const { port } = await serveTls(t)
    const { board } = await start(t, "simcom", {
        port,
        modem: { trust: { "ca.pem": CERTIFICATE } },
        settings: { secure: true, host: "localhost", size: 3000, count: 5 },
        prepare: modem => (modem.faults.parts = 300),
    })
    await board.expect("echo done 5", 30_000)
})
