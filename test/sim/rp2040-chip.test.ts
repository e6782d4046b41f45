import assert from "node:assert/strict"
import { EventEmitter } from "node:events"
import { test } from "node:test"
import { Chip } from "../../sim/rp2040/chip.ts"
import { wireSpi } from "../../sim/rp2040/wiring.ts"
import { once } from "../wire/wait.ts"

/**
 * A boot ROM for this test only: sends the bytes of the flash memory's first word on SPI0, up to the first zero, with GPIO17
 * low, and what comes back on UART0; then it raises GPIO17 and waits for ever.
 */
const EXCHANGE = rom(`
    4810 2107 6001 2102 6101 6041  r0 = SPI0: 8 bits, half the clock, enabled
    4a0e 2105 328c 6011            GPIO17: function SIO
    4b0d 2101 0449 6259            output, low
    4c0c 6824 4d0c                 r4 = flash[0], r5 = UART0
    b2e1 d008 6081                 send: r1 = r4 & 255; none: done; to SPI0
    68c6 2704 423e d0fb            wait for an answer
    6881 6029 0a24 e7f4            to UART0; r4 >>= 8; again
    2101 0449 6159 bf20 e7fa 0000  done: GPIO17 high; wfe; again
    c000 4003 4000 4001 0000 d000 0000 1000 4000 4003`)

/** Sends an R on UART0, then resets the chip (ARMv6-M B3.2.6). */
const RESTART = rom(`
    4803 2152 6001   r0 = UART0; "R"
    4803 4903 6001   r0 = AIRCR; SYSRESETREQ with its key
    e7fe 0000
    4000 4003 ed0c e000 0004 05fa`)

function rom(halfwords: string): Uint8Array {
    const bytes = Buffer.alloc(16384)
    bytes.writeUInt32LE(0x20001000, 0) // stack
    bytes.writeUInt32LE(0x11, 4) // reset vector
    const codes = halfwords.match(/\b[0-9a-f]{4}\b/g)!
    codes.forEach((code, i) =>
        bytes.writeUInt16LE(parseInt(code, 16), 0x10 + 2 * i)
    )
    return bytes
}

/** Inverts what it gets, and writes down what happens. */
class Inverter {
    readonly calls: string[] = []
    select = () => void this.calls.push("select")
    deselect = () => void this.calls.push("deselect")
    reset = () => {}
    transfer = (byte: number) => {
        this.calls.push(byte.toString(16))
        return 255 - byte
    }
}

test(
    "code in the boot ROM drives a chip on SPI, and its UART is heard",
    { timeout: 30_000 },
    async t => {
        const inverter = new Inverter()
        const heard = new EventEmitter()
        const sent: number[] = []
        const chip = new Chip({
            bootrom: EXCHANGE,
            flash: Buffer.from("01020300", "hex"),
            wire: rp2040 => wireSpi(rp2040, { sck: 18, cs: 17 }, inverter),
            uart0: byte => {
                sent.push(byte)
                if (sent.length === 3) heard.emit("all")
            },
        })
        t.after(() => chip.stop())
        chip.start()
        await once(heard, "all")
        assert.deepEqual(sent, [0xfe, 0xfd, 0xfc])
        const { calls } = inverter
        const first = calls.indexOf("select")
        assert.deepEqual(calls.slice(first, first + 4), [
            "select",
            "1",
            "2",
            "3",
        ])
    }
)

test(
    "sleeping takes time, but no cycles; and a reset runs everything anew",
    { timeout: 30_000 },
    async t => {
        const inverter = new Inverter()
        const deselected = new EventEmitter()
        inverter.deselect = () => void deselected.emit("high")
        const chip = new Chip({
            bootrom: EXCHANGE,
            flash: Buffer.from("01020300", "hex"),
            wire: rp2040 => wireSpi(rp2040, { sck: 18, cs: 17 }, inverter),
        })
        t.after(() => chip.stop())
        chip.start()
        await once(deselected, "high")
        await new Promise(resolve => setTimeout(resolve, 20))
        const { cycles, millis } = chip
        assert.ok(cycles < 1000, `${cycles} cycles`)
        assert.ok(millis > 1, `${millis} ms`)

        chip.reset()
        assert.equal(chip.cycles, cycles)
        await once(deselected, "high")
        assert.equal(inverter.calls.filter(call => call === "3").length, 2)
        assert.ok(chip.millis > millis)
    }
)

test(
    "a byte on SPI takes as long as its eight clocks",
    { timeout: 30_000 },
    async t => {
        const times: number[] = []
        const done = new EventEmitter()
        const chip: Chip = new Chip({
            bootrom: EXCHANGE,
            flash: Buffer.from("01020304", "hex"),
            wire: rp2040 => {
                const inverter = new Inverter()
                inverter.transfer = byte => {
                    times.push(rp2040.clock.nanos)
                    if (times.length === 4) done.emit("four")
                    return byte
                }
                wireSpi(rp2040, { sck: 18, cs: 17 }, inverter)
                rp2040.clkPeri = 1e6
            },
        })
        t.after(() => chip.stop())
        chip.start()
        await once(done, "four")
        // half of 1 MHz: 16,000 ns a byte; the rest is the code's own loop
        for (const [i, time] of times.slice(1).entries()) {
            const gap = time - times[i]
            assert.ok(gap >= 16_000 && gap < 17_000, `${gap} ns`)
        }
    }
)

test(
    "firmware that asks for a reset gets one",
    { timeout: 30_000 },
    async t => {
        const heard = new EventEmitter()
        let starts = 0
        const chip = new Chip({
            bootrom: RESTART,
            flash: new Uint8Array(4),
            uart0: byte => {
                assert.equal(byte, 0x52)
                if (++starts === 3) heard.emit("third")
            },
        })
        t.after(() => chip.stop())
        chip.start()
        await once(heard, "third")
    }
)
