import * as ds from "@devicescript/core"
import { GPIOMode } from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { Bus, transact } from "../../src/net/bus/bus"
import { spiBus } from "../../src/net/bus/spi-bus"
import { stayAwake } from "../../src/net/bus/stay-awake"
import { sleep } from "../../src/fiber/clock"
import { simulateRp2040 } from "../../src/fiber/rp2040"
import { expectReject, expectText } from "./check"

/** What the firmware of a board would do: the VM on a computer has no SPI. */
type Firmware = typeof ds & {
    spiConfigure(...args: number[]): void
    spiXfer(tx: Buffer, rx: Buffer): Promise<void>
}

let log: string[] = []
let failing = false
let under = 0

const firmware = ds as Firmware
firmware.spiConfigure = (miso, mosi, sck, mode, hz) => {
    log.push(`configure ${miso} ${mosi} ${sck} mode ${mode} ${hz} Hz`)
}
firmware.spiXfer = async (tx, rx) => {
    if (under) throw new RangeError("SPI busy")
    under++
    await ds.sleep(1)
    under--
    log.push(`${tx.length} ${tx === rx ? "in place" : "elsewhere"}`)
    if (failing) throw new RangeError("SPI error: -1")
    rx[0] = 0xaa
}

/** A pin that writes down what it is told. */
function pin(name: string, gpio: number): any {
    return {
        gpio,
        setMode: (mode: GPIOMode) => {
            if (mode === GPIOMode.OutputLow) log.push(`${name} low`)
            else if (mode === GPIOMode.OutputHigh) log.push(`${name} high`)
            else log.push(`${name} ${mode}`)
        },
    }
}

function makeBus(hz: number, reset = false): Bus {
    log = []
    return spiBus({
        miso: pin("miso", 16),
        mosi: pin("mosi", 19),
        sck: pin("sck", 18),
        cs: pin("cs", 17),
        reset: reset ? pin("reset", 20) : undefined,
        hz,
    })
}

function expectLog(...lines: string[]) {
    expectText(log.join("; "), lines.join("; "))
    log = []
}

describe("the board's SPI", () => {
    test("is set to mode 0, 8 MHz, with the chip neither selected nor reset", () => {
        makeBus(undefined, true)
        expectLog(
            "cs high",
            "reset high",
            "configure 16 19 18 mode 0 8000000 Hz"
        )
    })

    test("a transaction selects the chip, and brings its answer in place", async () => {
        const bus = makeBus(undefined)
        log = []
        const data = Buffer.from("000039", "hex")
        await bus.exchange(data)
        expectText(data.toString("hex"), "aa0039")
        expectLog("cs low", "3 in place", "cs high")
    })

    test("transactions of several fibers come one after the other", async () => {
        const bus = makeBus(undefined)
        log = []
        transact.start(bus, Buffer.alloc(4))
        transact.start(bus, Buffer.alloc(5))
        await transact(bus, Buffer.alloc(6))
        await transact(bus, Buffer.alloc(7))
        const selected = log.filter(line => line === "cs low").length
        expect(selected).toBe(4)
        for (let i = 0; i < log.length; i += 3) {
            expectText(log[i], "cs low")
            expectText(log[i + 2], "cs high")
        }
    })

    test("a failed transaction leaves the chip unselected and the bus free", async () => {
        const bus = makeBus(undefined)
        log = []
        failing = true
        await expectReject(
            async () => await transact(bus, Buffer.alloc(4)),
            RangeError,
            "SPI error"
        )
        failing = false
        await transact(bus, Buffer.alloc(5))
        expectLog(
            "cs low",
            "4 in place",
            "cs high",
            "cs low",
            "5 in place",
            "cs high"
        )
    })

    test("a rest is clocks without the chip: 1,000 bytes a millisecond at 8 MHz, fewer at less", async () => {
        const bus = makeBus(undefined)
        log = []
        await bus.rest(3)
        expectLog("1000 in place", "1000 in place", "1000 in place")
        const slow = makeBus(1000000)
        log = []
        await slow.rest(3)
        expectLog("125 in place", "125 in place", "125 in place")
    })

    test("a rest ends early for a transaction", async () => {
        const bus = makeBus(undefined)
        log = []
        bus.rest.start(100)
        while (!log.length) await ds.sleep(1)
        await transact(bus, Buffer.alloc(4))
        expect(log.length < 50).toBe(true)
        expectText(log[0], "1000 in place")
        expectText(log.pop(), "cs high")
        expectText(log.pop(), "4 in place")
    })

    test("the reset pin follows, if there is one", () => {
        const bus = makeBus(undefined, true)
        log = []
        bus.setReset(false)
        bus.setReset(true)
        expectLog("reset low", "reset high")
        expect(makeBus(undefined).setReset).toBe(undefined)
    })
})

describe("an RP2040 without a driver that polls", () => {
    test("stays awake by transfers to nobody, by which fibers sleep", async () => {
        simulateRp2040()
        log = []
        await stayAwake(pin("sck", 18))
        await sleep(20)
        expectText(log[0], "configure -1 -1 18 mode 0 800000 Hz")
        expect(log.length > 2).toBe(true)
        for (let i = 1; i < log.length; ++i) expectText(log[i], "100 in place")
    })

    test("pads what would take as long as its firmware misses", () => {
        expect(makeBus(undefined).shortest).toBe(120)
        expect(makeBus(1000000).shortest).toBe(15)
    })
})
