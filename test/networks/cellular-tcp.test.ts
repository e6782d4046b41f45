import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { describe, test } from "node:test"
import { CERTIFICATE, MAKES, serveTls, start, until } from "./cellular-board.ts"

for (const make of MAKES)
    describe(make, () => {
        test("bytes come back over TCP", async t => {
            const { board, modem } = await start(t, make)
            await board.expect("echo done 1")
            await until("no socket left", () => modem.link.sockets.size === 0)
        })

        test("a thousand exchanges", async t => {
            const { board } = await start(t, make, {
                settings: { count: 1000 },
            })
            await board.expect("echo done 1000", 60_000)
        })

        test("the bridge on I2C", async t => {
            const settings = { i2c: true, count: 20 }
            const { board } = await start(t, make, { settings })
            await board.expect("echo done 20")
        })

        test("messages larger than any buffer on the way come back whole", async t => {
            const settings = { size: 20000, count: 3 }
            const { board, bridge } = await start(t, make, { settings })
            await board.expect("echo done 3", 30_000)
            assert.equal(bridge.lost, 0)
        })

        test("two connections at once do not disturb each other", async t => {
            const settings = { mode: "two", count: 20, size: 1500 }
            const { board } = await start(t, make, { settings })
            await board.expect(/(left|right) done 20/, 60_000)
            await board.expect(/(left|right) done 20/, 60_000)
        })

        test("ten sockets serve ten connections, another is refused with the reason", async t => {
            const settings = { mode: "many", count: 11 }
            const { board } = await start(t, make, { settings })
            await board.expect("open 10")
            await board.expect(
                "error: modem: all 10 sockets for TCP are in use"
            )
        })

        test("connections opened and closed in turn leave nothing behind", async t => {
            const settings = { mode: "reopen", count: 50 }
            const { board, modem } = await start(t, make, { settings })
            await board.expect("reopened 50", 30_000)
            await until("no socket left", () => modem.link.sockets.size === 0)
        })

        test("a server that sends first and ends at once is read to the end, and gets the answer", async t => {
            const sent = randomBytes(30_000)
            let finished: (data: Buffer) => void
            const answer = new Promise<Buffer>(resolve => (finished = resolve))
            const { board, bridge } = await start(t, make, {
                settings: { mode: "relay" },
                serve: socket => {
                    const received: Buffer[] = []
                    let length = 0
                    socket.on("data", data => {
                        received.push(data)
                        length += data.length
                        if (length < sent.length) return
                        finished(Buffer.concat(received))
                        socket.end()
                    })
                    socket.write(sent)
                },
            })
            assert.ok((await answer).equals(sent))
            await board.expect("relayed 30000")
            assert.equal(bridge.lost, 0)
        })

        test("a port without a server: no connection", async t => {
            const { board } = await start(t, make, { settings: { port: 1 } })
            await board.expect(
                /error: modem: machine.lan:1: error \d+:no connection/
            )
        })

        test("a name that does not exist", async t => {
            const settings = { host: "no.lan" }
            const { board } = await start(t, make, { settings })
            await board.expect(
                /error: modem: no.lan:\d+: error \d+:no such host/
            )
        })

        test("a reset by the peer ends the connection, and the next one works", async t => {
            const { board, modem } = await start(t, make, {
                settings: { mode: "watch" },
            })
            await board.expect("echo 3")
            modem.link.resetAll()
            await board.expect(/error: /)
            await board.expect("connected")
            await board.expect("echo")
        })

        test("TLS by the modem: the server's name is sent, and its certificate accepted", async t => {
            const { port, names } = await serveTls(t)
            const { board } = await start(t, make, {
                port,
                modem: { trust: { "ca.pem": CERTIFICATE } },
                settings: {
                    secure: true,
                    host: "localhost",
                    size: 3000,
                    count: 5,
                },
            })
            await board.expect("echo done 5")
            assert.deepEqual(names, ["localhost"])
        })

        test("TLS with a server that nobody vouches for is refused", async t => {
            const { port } = await serveTls(t)
            const { board } = await start(t, make, {
                port,
                settings: { secure: true, host: "localhost" },
            })
            await board.expect(/error: modem: localhost:\d+: error \d+:no TLS/)
        })
    })

test("quectel: TLS with a server whose certificate is for another name is refused", async t => {
    const { port } = await serveTls(t)
    const { board } = await start(t, "quectel", {
        port,
        modem: { trust: { "ca.pem": CERTIFICATE } },
        settings: { secure: true, host: "machine.lan" },
    })
    await board.expect(/error: modem: machine.lan:\d+: error 579:no TLS/)
})
