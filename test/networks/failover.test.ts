import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { startServer } from "../../server/server.ts"
import { SimcomModem } from "../../sim/chips/modem/simcom.ts"
import { Sc16is7xx } from "../../sim/chips/modem/sc16is7xx.ts"
import { W5500 } from "../../sim/chips/w5500/w5500.ts"
import { HomeLan } from "../../sim/chips/w5500/home.ts"
import { Board } from "../../sim/board.ts"
import { Backplane, I2cWire, SpiWire } from "../../sim/buses.ts"
import { compileSource } from "../../sim/program.ts"
import { readLine } from "../../tools/log/exchange-log.ts"
import { until } from "./ethernet-board.ts"

interface Setup {
    /** Leave the network cable out. */
    unplugged?: boolean
    count?: number
}

/** A board with a W5500 and a modem, which both reach one echo server. */
async function start(t: TestContext, { unplugged, count = 0 }: Setup = {}) {
    const server = await startServer({ port: 0 })
    const port = new URL(server.url).port
    const chip = new W5500({ pace: 100 })
    const lan = new HomeLan()
    if (!unplugged) chip.plug(lan)
    const modem = new SimcomModem({ pace: 10 })
    const bridge = new Sc16is7xx({ pace: 10, peer: modem })
    const bus = new Backplane({
        w5500: new SpiWire(chip),
        i2c: new I2cWire(bridge),
    })
    const board = await Board.start("test/device/failover-echo.ts", {
        settings: {
            URL: `ws://machine.lan:${port}/ws`,
            INTERVAL: 250,
            TIMEOUT: 2000,
            SUMMARY: 0,
            COUNT: count,
            LOG: "info",
        },
        wires: { bus },
    })
    t.after(async () => {
        await board.stop()
        chip.close()
        modem.close()
        await server.close()
    })
    return { board, chip, lan, modem }
}

/** What became of the exchanges. */
function tally({ log }: Board) {
    const kinds = log.map(line => readLine(line.text)?.kind)
    const count = (kind: string) => kinds.filter(k => k === kind).length
    return {
        sent: count("sent"),
        right: count("right"),
        lost: count("lost"),
        wrong: count("wrong"),
    }
}

test("the preferred network is used as long as it works", async t => {
    const { board, modem } = await start(t)
    await board.expect("network 1 of 2")
    await board.expect("right 8")
    assert.equal(modem.link.sockets.size, 0)
})

test("without the preferred network the next one is used", async t => {
    const { board } = await start(t, { unplugged: true })
    await board.expect(/network 1: w5500: .*: no link/)
    await board.expect("network 2 of 2")
    await board.expect("right 3")
})

test("Ethernet dies under way: the exchanges go on over the modem, what is lost is told, and come back without a loss", async t => {
    const { board, chip, lan, modem } = await start(t)
    await board.expect("network 1 of 2")
    await board.expect("right 5")
    chip.unplug()
    await board.expect("network 2 of 2", 20_000)
    await board.expect("right", 20_000)
    await board.expect("right")
    const away = tally(board)
    assert.ok(away.lost <= 2, `${away.lost} lost`)
    chip.plug(lan)
    await board.expect("network 1 of 2", 20_000)
    await board.expect("right")
    await board.expect("right")
    const back = tally(board)
    assert.equal(back.lost, away.lost)
    assert.equal(back.wrong, 0)
    assert.ok(back.sent - back.right - back.lost <= 1)
    await until("the modem's connection closed", () => !modem.link.sockets.size)
})

test("a preferred network that is up, but does not reach the server, is not gone back to", async t => {
    const { board, chip, lan } = await start(t, { unplugged: true })
    await board.expect("network 2 of 2", 20_000)
    lan.silence(true)
    chip.plug(lan)
    for (let n = 0; n < 20; n++) await board.expect("right")
    assert.ok(board.log.every(line => line.text !== "network 1 of 2"))
    assert.equal(tally(board).lost, 0)
})

test("there and back, twice: every exchange is right or told to be lost", async t => {
    const { board, chip, lan } = await start(t)
    await board.expect("network 1 of 2")
    // no more often: each short connection doubles the client's pause before the next one
    for (let n = 0; n < 2; n++) {
        await board.expect("right")
        chip.unplug()
        await board.expect("network 2 of 2", 20_000)
        await board.expect("right", 20_000)
        chip.plug(lan)
        await board.expect("network 1 of 2", 20_000)
    }
    await board.expect("right")
    const { sent, right, lost, wrong } = tally(board)
    assert.equal(wrong, 0)
    assert.ok(sent - right - lost <= 1, `${sent} ${right} ${lost}`)
})

test("a program with all three networks fits: the VM wants its functions to end below 64 KB", t => {
    const names = ["ethernet", "wifi", "cellular-i2c"]
    const source = [
        'import { startApp } from "./app/app"',
        'import { readConfig } from "./app/config"',
        'import { failover } from "./net/failover"',
        ...names.map(
            (name, n) =>
                `import { start as start${n} } from "./app/networks/${name}"`
        ),
        `const dial = failover([${names.map((_, n) => `await start${n}()`)}])`,
        "await startApp({ dial, ...(await readConfig()) })",
    ]
    const { bytecode } = compileSource(source.join("\n"), "src/all.ts")
    const header = Buffer.from(bytecode)
    // the section of the functions' code: its beginning, its length
    const end = header.readUInt32LE(40) + header.readUInt32LE(44)
    t.diagnostic(`${bytecode.length} bytes, functions end at ${end}`)
    assert.ok(end < 0x10000)
})
