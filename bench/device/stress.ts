// On an RP2040 with a W5500: what makes the firmware lose its timer, and miss the ends of transfers, as often as possible.
import { readSetting } from "@devicescript/settings"
import { connectOver, every, sleep } from "../../src"
import { millis } from "../../src/fiber/clock"
import { start } from "../../src/app/networks/ethernet"

/** Milliseconds of work that two fibers do, and how often. */
const WORK = 3
const INTERVALS = [20, 21]
/** With the header of an SPI frame and that of WebSocket, a reply of 9 bytes: at 8 MHz it ends when its end is missed. */
const MESSAGE = "abcd"
const PAUSE = 50

/** Turns of an empty loop that take a millisecond. */
const TURNS = 45

function work() {
    let i = 0
    while (i < WORK * TURNS) ++i
}

const port: number = await readSetting("PORT", 0)
const dial = await start()
const ws = await connectOver(dial, `ws://127.0.0.1:${port}/`)
for (const interval of INTERVALS) every(interval, work)
for (;;) {
    const begin = millis()
    await ws.send(MESSAGE)
    const message = await ws.recv()
    if (!message || message.text() !== MESSAGE) throw new Error("wrong reply")
    await sleep(Math.max(0, begin + PAUSE - millis()))
}
