import { digest, randomBuffer } from "@devicescript/crypto"
import { readSetting } from "@devicescript/settings"
import * as ds from "@devicescript/core"

/** Milliseconds for which the two intervals run. */
const INTERVALS = 20_000
/** Empty loops in each turn: some 3 ms on an RP2040. */
const WORK = 150

/** A look at one property of the firmware and its chip, by the setting PROBE. What it sees are lines `seen NAME VALUE`. */
const name = await readSetting("PROBE", "")
console.log(`probe ${name} begins`)
await probe()
console.log(`probe ${name} done`)
// the program must not end: the firmware starts one that ended anew
await ds.sleep(1_000_000_000)

async function probe() {
    if (name === "start") return
    else if (name === "clock") await clock()
    else if (name === "sleep") await sleeps()
    else if (name === "speed") await speed()
    else if (name === "text") text()
    else if (name === "random") random()
    else if (name === "crypto") crypto()
    else if (name === "log") longLine()
    else if (name === "heap") heap()
    else if (name === "steps") steps()
    else if (name === "intervals") await intervals()
    else seen("nothing", name)
}

function longLine() {
    let line = ""
    for (let i = 0; i < 400; ++i) line += "x"
    console.log(line)
}

function seen(what: string, value: any) {
    console.log(`seen ${what} ${value}`)
}

/** Some thousand steps. */
function work(count: number) {
    let i = 0
    while (i < count) ++i
}

async function clock() {
    await ds.sleep(1)
    const start = ds.millis()
    work(5000)
    seen("within", ds.millis() - start)
    await ds.sleep(1)
    seen("across", ds.millis() - start)
}

async function sleeps() {
    const start = ds.millis()
    for (let i = 0; i < 50; ++i) await ds.sleep(1)
    seen("fifty", ds.millis() - start)
    const before = ds.millis()
    await ds.sleep(1000)
    seen("second", ds.millis() - before)
}

async function speed() {
    await ds.sleep(1)
    let start = ds.millis()
    for (let i = 0; i < 10; ++i) {
        work(2000)
        await ds.sleep(0)
    }
    seen("loop", (ds.millis() - start) / 20)
    const data = Buffer.alloc(1024)
    await ds.sleep(1)
    start = ds.millis()
    for (let i = 0; i < 10; ++i) {
        digest("sha256", data)
        await ds.sleep(0)
    }
    seen("sha256", (ds.millis() - start) / 10)
}

function text() {
    for (const bytes of ["efbfbd", "efbfbe", "ff41"]) {
        const decoded = Buffer.from(bytes, "hex").toString("utf-8")
        seen(bytes, Buffer.from(decoded).toString("hex"))
    }
}

function random() {
    for (let i = 0; i < 4; ++i) seen("bytes", randomBuffer(16).toString("hex"))
}

function crypto() {
    seen("sha256", digest("sha256", "abc").toString("hex"))
}

/** Larger and larger, until it is too large: that cannot be caught. */
function heap() {
    for (let size = 8192; size <= 65536; size += 4096) {
        try {
            seen("bytes", Buffer.alloc(size).length)
        } catch {
            seen("caught", size)
            return
        }
    }
}

function steps() {
    for (let i = 1; i <= 40; ++i) {
        work(5000)
        seen("loops", i * 5000)
    }
}

async function intervals() {
    let turns = 0
    const turn = () => {
        ++turns
        work(WORK)
    }
    setInterval(turn, 20)
    setInterval(turn, 21)
    for (let passed = 0; passed < INTERVALS; passed += 1000) {
        await ds.sleep(1000)
        seen("turns", turns)
    }
}
