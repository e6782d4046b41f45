import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { network } from "../../sim/chips/w5500/home.ts"
import type { W5500 } from "../../sim/chips/w5500/w5500.ts"
import { allClosed, socketRegister, start, until } from "./ethernet-board.ts"

/** Sn_TX_FSR of the first socket. */
function txFree(chip: W5500): number {
    return socketRegister(chip, 0, 0x20)
}

test("bytes come back over TCP, with DHCP and DNS before them", async t => {
    const { board, chip, lan } = await start(t)
    await board.expect("echo done 1")
    assert.deepEqual(lan.dns.queries, ["machine.lan"])
    await allClosed(chip, lan)
})

test("messages larger than every buffer of the chip come back whole", async t => {
    const settings = { size: 20000, count: 5 }
    const { board } = await start(t, { settings })
    await board.expect("echo done 5")
})

test("buffer pointers wrap at 65,536", async t => {
    const settings = { size: 3000, count: 50 }
    const chip = { firstPointer: 0xfff0 }
    const { board } = await start(t, { settings, chip })
    await board.expect("echo done 50")
})

test("two connections at once do not disturb each other", async t => {
    const settings = { mode: "two", count: 100, size: 1500 }
    const { board, chip, lan } = await start(t, { settings })
    await board.expect(/(left|right) done 100/)
    await board.expect(/(left|right) done 100/)
    await allClosed(chip, lan)
})

test("eight sockets serve eight connections, a ninth is refused with the reason", async t => {
    const settings = { mode: "many", count: 9, host: network.machine }
    const { board } = await start(t, { settings })
    await board.expect("open 8")
    await board.expect("error: w5500: all 8 sockets of the chip are in use")
})

test("connections opened and closed in turn leave nothing behind", async t => {
    const settings = { mode: "reopen", count: 100 }
    const { board, chip, lan } = await start(t, { settings })
    await board.expect("reopened 100", 30_000)
    await allClosed(chip, lan)
})

test("a server that sends first and ends at once is read to the end, and gets the answer", async t => {
    const sent = randomBytes(100_000)
    let finished: (data: Buffer) => void
    const answer = new Promise<Buffer>(resolve => (finished = resolve))
    const { board, chip, lan } = await start(t, {
        settings: { mode: "relay" },
        serve: socket => {
            const received: Buffer[] = []
            socket.on("data", data => received.push(data))
            socket.on("end", () => finished(Buffer.concat(received)))
            socket.end(sent)
        },
    })
    await board.expect("relayed 100000", 30_000)
    assert.ok((await answer).equals(sent))
    await allClosed(chip, lan)
})

test("a peer that closes its window stops the sender, and lets it go on later without a loss", async t => {
    let total = 0
    let right = true
    const { board, chip, lan } = await start(t, {
        settings: { mode: "flood", size: 1000, count: 100 },
        serve: socket => {
            socket.once("data", () => lan.stall(true))
            socket.on("data", data => {
                for (const byte of data)
                    right &&= byte === Math.floor(total++ / 1000)
            })
            socket.on("end", () => socket.end())
        },
    })
    await until(
        "a SEND that does not end",
        () => lan.stalled && txFree(chip) < 4096
    )
    assert.ok(board.log.every(line => !line.text.startsWith("sent")))
    lan.stall(false)
    await board.expect("sent 100000")
    assert.ok(right)
})

test("a port without a server: refused", async t => {
    const { board, chip, lan } = await start(t, { settings: { port: 1 } })
    await board.expect("error: w5500: machine.lan:1: connection refused")
    await allClosed(chip, lan)
})

test("an address that nobody has: unreachable", async t => {
    const settings = { host: network.nobody, port: 80 }
    const { board, chip, lan } = await start(t, { settings })
    await board.expect(/error: w5500: .*:80: unreachable: .* ARP/)
    await allClosed(chip, lan)
})

test("a host that drops packets: no answer", async t => {
    const settings = { host: network.mute, port: 80, timeout: 60_000 }
    const { board, chip, lan } = await start(t, { settings })
    await board.expect(/error: w5500: .*:80: no answer/)
    await allClosed(chip, lan)
})

test("a connection that does not come about ends with its timeout", async t => {
    const settings = { host: network.mute, port: 80, timeout: 1000 }
    const { board, chip, lan } = await start(t, {
        settings,
        chip: { pace: 1 },
    })
    await board.expect(/error: w5500: .*:80: no connection before the timeout/)
    await allClosed(chip, lan)
})

test("a reset by the peer breaks the connection, and the next one works", async t => {
    const { board, lan } = await start(t, { settings: { mode: "watch" } })
    await board.expect("echo 3")
    lan.resetAll()
    await board.expect(/error: w5500: .*: reset by the peer/)
    await board.expect("connected")
    await board.expect("echo")
})

test("a peer that does not answer any more is noticed by keep-alive, even by a client that only listens", async t => {
    const { board, lan } = await start(t, {
        settings: { mode: "listen" },
        chip: { pace: 200 },
    })
    await board.expect("listening")
    lan.silence(true)
    await board.expect(/error: w5500: .*: the peer does not answer/)
})

test("wss:// is refused, with the reason and the way out", async t => {
    const { board } = await start(t, { settings: { secure: true } })
    await board.expect(/error: w5500: .*the chip has no TLS: use tls\(\)/)
})

test("an IPv6 address is refused", async t => {
    const { board } = await start(t, { settings: { host: "::1" } })
    await board.expect("the chip speaks IPv4 only")
})
