import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { MAKES, start, type Make } from "./cellular-board.ts"

const watch = { mode: "watch", timeout: 3000 }

/** The command that sends, the one that receives, and the one that opens. */
const COMMANDS: Record<Make, { send: string; read: string; open: string }> = {
    simcom: { send: "+CIPSEND", read: "+CIPRXGET=2", open: "+CIPOPEN" },
    quectel: { send: "+QISEND", read: "+QIRD", open: "+QIOPEN" },
}

/** Lines that a modem may say at any moment, and that mean nothing here. */
const CHATTER = '\r\n+CMTI: "SM",3\r\n'

function connections(board: { log: readonly { text: string }[] }): number {
    return board.log.filter(line => line.text === "connected").length
}

for (const make of MAKES) {
    const { send, read, open } = COMMANDS[make]

    describe(make, { concurrency: 6 }, () => {
        for (const [where, command] of [
            ["before", send],
            ["before", read],
            ["final", read],
            ["final", "+CEREG"],
        ] as const)
            test(`an unsolicited line in the reply to ${command} (${where}) is no part of it`, async t => {
                const { board } = await start(t, make, {
                    settings: { count: 30 },
                    prepare: modem =>
                        (modem.faults.interject = {
                            command,
                            where,
                            text: CHATTER,
                        }),
                })
                await board.expect("echo done 30")
            })

        test("an unsolicited line between the bytes of a payload: the connection ends instead of handing over what nobody sent", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.faults.interject = {
                command: read,
                where: "payload",
                text: CHATTER,
                times: 1,
            }
            await board.expect(
                /error: modem: machine.lan:\d+: AT.*: more bytes than announced/
            )
            await board.expect("connected")
            await board.expect("echo")
        })

        test("garbage and partial lines before a reply are passed over", async t => {
            const text = "\x00\xff\xfe+CI\x80\r\n\r\n>>\r\nOKAY\r\n"
            const { board } = await start(t, make, {
                settings: { count: 10 },
                prepare: modem =>
                    (modem.faults.interject = {
                        command: send,
                        where: "before",
                        text,
                    }),
            })
            await board.expect("echo done 10")
        })

        test("bytes that found no room in the FIFO end the connection with the reason, and the next one works", async t => {
            const settings = { ...watch, size: 400 }
            const { board, bridge } = await start(t, make, { settings })
            await board.expect("echo 3")
            bridge.faults.loseBytes = 5
            await board.expect(
                /error: .*errors on the serial line: bytes lost or garbled/,
                30_000
            )
            assert.ok(bridge.lost >= 5)
            await board.expect("connected", 20_000)
            await board.expect("echo")
        })

        test("frames with a wrong stop bit: the same", async t => {
            const settings = { ...watch, size: 400 }
            const { board, bridge } = await start(t, make, { settings })
            await board.expect("echo 3")
            bridge.faults.breakFrames = 40
            await board.expect(/error: /, 30_000)
            await board.expect("connected", 20_000)
            await board.expect("echo")
        })

        test("automatic RTS and CTS: no byte is lost at 115,200 baud, whatever the program does meanwhile", async t => {
            const settings = { size: 8000, count: 4 }
            const { board, bridge } = await start(t, make, {
                settings,
                bridge: { pace: 50 },
                modem: { pace: 50 },
            })
            await board.expect("echo done 4", 30_000)
            assert.equal(bridge.lost, 0)
        })

        test("without them bytes get lost, and it is told", async t => {
            const { board, bridge } = await start(t, make, {
                settings: { ...watch, size: 8000, flowcontrol: false },
                bridge: { pace: 50 },
                modem: { pace: 50 },
            })
            await board.expect(/error: .*errors on the serial line/, 30_000)
            assert.ok(bridge.lost > 0)
        })

        test("a modem that holds us up with its RTS, and lets go", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.faults.holdOff = true
            await new Promise(resolve => setTimeout(resolve, 300))
            modem.faults.holdOff = undefined
            await board.expect("echo")
            await board.expect("echo")
            assert.equal(connections(board), 1)
        })

        test("the SIM is taken out: connections end, and there are new ones when it is back", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.removeSim()
            await board.expect(/error: modem: .*(SIM is gone|address back)/)
            await board.expect(/error: .*SIM not inserted/)
            modem.insertSim()
            await board.expect("connected", 20_000)
            await board.expect("echo")
        })

        test("the network takes the address back: connected again", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.lose()
            await board.expect(
                /error: modem: .*the network has taken the address back/
            )
            await board.expect("connected")
            await board.expect("echo")
        })

        test("registration lost and regained", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.setRegistration("searching")
            modem.link.silent = true
            await board.expect("modem: the network is out of reach", 30_000)
            modem.link.silent = false
            modem.setRegistration("home")
            await board.expect("connected", 20_000)
            await board.expect("echo")
        })

        for (const bytes of [1, 40, 300, 1000])
            test(`the modem starts again ${bytes} bytes on: noticed, brought up, connected again`, async t => {
                const { board, modem } = await start(t, make, {
                    settings: watch,
                })
                await board.expect("echo 3")
                modem.faults.rebootAfter = bytes
                await board.expect(/error: /, 40_000)
                await board.expect("connected", 40_000)
                await board.expect("echo")
                assert.equal(modem.starts, 2)
            })

        test("no prompt for the data: the connection ends with the reason, and the next one works", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.faults.noPrompt = 1
            await board.expect(/error: .*does not ask for the data/, 40_000)
            await board.expect("connected", 20_000)
            await board.expect("echo")
        })

        test("a modem that has no room for more is asked again", async t => {
            const { board } = await start(t, make, {
                settings: { count: 3 },
                prepare: modem => (modem.faults.full = 3),
            })
            await board.expect("echo done 3")
        })

        test("ERROR to what opens a connection is told, and the next attempt works", async t => {
            const { board } = await start(t, make, {
                settings: watch,
                prepare: modem =>
                    (modem.faults.refuse = { command: open, times: 1 }),
            })
            await board.expect(`: AT${open}: ERROR`)
            await board.expect("echo 1")
        })

        for (const command of [send, read])
            test(`ERROR to ${command} ends the connection with the reason, and the next one works`, async t => {
                const { board, modem } = await start(t, make, {
                    settings: watch,
                })
                await board.expect("echo 3")
                modem.faults.refuse = { command, times: 1 }
                await board.expect(`: AT${command.split("=")[0]}: ERROR`)
                await board.expect("connected")
                await board.expect("echo")
            })

        for (const command of ["+CMEE", "+CPIN?", "+CEREG?", "+COPS?", "+CSQ"])
            test(`ERROR to AT${command} while starting is got over`, async t => {
                const { board } = await start(t, make, {
                    settings: watch,
                    prepare: modem =>
                        (modem.faults.refuse = { command, times: 1 }),
                })
                await board.expect("echo 1")
            })

        test("a modem that falls silent is noticed, and used again when it speaks", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.faults.silent = true
            await board.expect(/error: /, 40_000)
            await board.expect(/error: modem: no answer to AT/, 40_000)
            modem.faults.silent = undefined
            await board.expect("connected", 40_000)
            await board.expect("echo")
        })

        test("a network that swallows everything: the program's own timeout", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            modem.link.silent = true
            await board.expect(/error: echo \d+: received undefined/)
            modem.link.silent = false
            await board.expect("connected")
            await board.expect("echo")
        })
    })
}

test("simcom: a piece of which only a part was sent is completed", async t => {
    const { board } = await start(t, "simcom", {
        settings: { count: 3, size: 500 },
        prepare: modem => (modem.faults.shortWrite = 123),
    })
    await board.expect("echo done 3")
})
