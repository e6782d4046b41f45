/** Answers that are incomplete, double, late, or about somebody else. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { SimcomModem } from "../../sim/chips/modem/simcom.ts"
import {
    CERTIFICATE,
    MAKES,
    serveTls,
    start,
    type Make,
} from "./cellular-board.ts"

const watch = { mode: "watch", timeout: 3000 }
const OK = "\r\nOK\r\n"

const COMMANDS: Record<
    Make,
    {
        read: string
        open: string
        recv: string
        closed: string
        other: string[]
    }
> = {
    simcom: {
        read: "+CIPRXGET=2",
        open: "+CIPOPEN",
        recv: "+CIPRXGET: 1,9",
        closed: "+IPCLOSE: 0,1",
        other: ["+IPCLOSE: 7,1", "+CIPRXGET: 1,7", "+CCH_PEER_CLOSED: 1"],
    },
    quectel: {
        read: "+QIRD",
        open: "+QIOPEN",
        recv: '+QIURC: "recv",9',
        closed: '+QIURC: "closed",0',
        other: [
            '+QIURC: "closed",7',
            '+QIURC: "recv",7',
            '+QIURC: "pdpdeact",3',
            '+QSSLURC: "closed",0',
            '+QIURC: "dnsgip",0,1,600',
        ],
    },
}

function lines(board: { log: readonly { text: string }[] }, begin: string) {
    return board.log.filter(({ text }) => text.startsWith(begin)).length
}

for (const make of MAKES) {
    const { read, open, recv, closed, other } = COMMANDS[make]

    describe(make, { concurrency: 6 }, () => {
        for (const command of [read, open])
            test(`OK gets lost behind what answers ${command}: the answer counts`, async t => {
                let times = 1
                const { board, modem } = await start(t, make, {
                    settings: { ...watch, timeout: 10_000 },
                    prepare: modem => {
                        modem.faults.respell = said => {
                            const last = modem.commands.at(-1) ?? ""
                            const hit =
                                said === OK && last.startsWith(`AT${command}`)
                            return hit && times-- > 0 ? "" : said
                        }
                    },
                })
                await board.expect("echo 5", 40_000)
                assert.ok(times < 1)
                assert.equal(lines(board, "error"), 0)
                assert.equal(modem.starts, 1)
            })

        test("two unsolicited lines in one: both are heard", async t => {
            const { board } = await start(t, make, {
                settings: { mode: "sink" },
                serve: socket => socket.end(Buffer.alloc(300)),
                prepare: modem =>
                    (modem.faults.respell = said =>
                        said.replace(closed, `${recv}${closed}`)),
            })
            await board.expect("received 300", 20_000)
        })

        test("what happens to others does not concern our connection", async t => {
            const { board, modem } = await start(t, make, { settings: watch })
            await board.expect("echo 3")
            for (const line of other) modem.say(line)
            const { length } = modem.commands
            await board.expect("echo", 10_000)
            await board.expect("echo", 10_000)
            await board.expect("echo", 10_000)
            assert.ok(modem.commands.length > length)
            assert.equal(lines(board, "error"), 0)
            assert.equal(lines(board, "connected"), 1)
        })

        test("errors by number: a SIM that is not there is not waited for", async t => {
            const { board, modem } = await start(t, make, {
                settings: { ...watch, timeout: 20_000 },
                modem: { noSim: true },
                prepare: modem =>
                    (modem.faults.respell = said =>
                        said.replace("SIM not inserted", "10")),
            })
            await board.expect(
                "error: modem: no SIM that works: modem: AT+CPIN: +CME ERROR: 10",
                30_000
            )
            const asked = modem.commands.filter(line => line === "AT+CPIN?")
            assert.equal(asked.length, 1)
            modem.insertSim()
            await board.expect("echo 1", 30_000)
        })
    })
}

test("quectel: OK before SEND OK does not end what is sent, nor what comes behind it", async t => {
    const { board } = await start(t, "quectel", {
        settings: { count: 10 },
        prepare: modem =>
            (modem.faults.respell = said =>
                said.includes("SEND OK") ? OK + said : said),
    })
    await board.expect("echo done 10", 20_000)
})

test("simcom: TLS stops by itself: started again, and connected", async t => {
    const { port } = await serveTls(t)
    const { board, modem } = await start(t, "simcom", {
        port,
        modem: { trust: { "ca.pem": CERTIFICATE } },
        settings: { ...watch, secure: true, host: "localhost" },
    })
    await board.expect("echo 3", 20_000)
    assert.ok(modem instanceof SimcomModem)
    modem.stopTls()
    await board.expect(/error: modem: .*its TLS has stopped/, 20_000)
    await board.expect("connected", 20_000)
    await board.expect("echo")
})
