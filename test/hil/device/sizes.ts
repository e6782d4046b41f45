import { readSetting } from "@devicescript/settings"
import { secure } from "../../../src/app/secure.generated"
import { millis } from "../../../src/fiber/clock"
import { Dial } from "../../../src/net/stream"
import { connectOver } from "../../../src/websocket/connect-over"
import { startMessage } from "../../../src/websocket/message-writer"
import { Rfc6455Connection } from "../../../src/websocket/rfc6455"
import { SliceReader, slices } from "../../../src/websocket/slices"

/** Byte i of a message of n bytes is (i + n) modulo this: no reversal of one message is that of another. */
const PERIOD = 251
/** Bytes that go out at once. */
const SLICE = 1024

/** Two rows of bytes that any slice of a message, or of its reversal, is a part of. */
const rising = row(1)
const falling = row(-1)

function row(step: number): Buffer {
    const bytes = Buffer.alloc(SLICE + 1460 + PERIOD)
    let value = 0
    for (let i = 0; i < PERIOD; ++i) {
        bytes.setAt(i, "u8", value)
        value = (value + step + PERIOD) % PERIOD
    }
    for (let at = PERIOD; at < bytes.length; at += PERIOD)
        bytes.blitAt(at, bytes, 0, Math.min(PERIOD, bytes.length - at))
    return bytes
}

/**
 * Sends a binary message of each size in SIZES, `0-130,1024,65536`, slice by slice, and checks that its reversal comes back.
 * The log has the lines of the echo program; the n-th message is the n-th size.
 */
export async function runSizes(dial: Dial) {
    const url = await readSetting("URL", "")
    const ranges = (await readSetting<any>("SIZES", "0")).split(",")
    const ws = await connectOver(await secure(dial), url)
    const reader = slices(ws)
    console.log("open 1")
    let n = 0
    let right = 0
    for (const range of ranges) {
        const ends = range.split("-")
        const last = parseInt(ends[ends.length - 1])
        for (let size = parseInt(ends[0]); size <= last; ++size)
            if (await exchange(ws, reader, ++n, size)) ++right
    }
    console.log(
        `summary sent=${n} right=${right} wrong=${n - right} lost=0 late=0 reconnects=0 rtt=-`
    )
    await ws.close(1000)
    console.log(`closed 1000 ""`)
}

async function exchange(
    ws: Rfc6455Connection,
    reader: SliceReader,
    n: number,
    size: number
): Promise<boolean> {
    const start = millis()
    console.log(`sent ${n} "${size} bytes"`)
    send.start(ws, size)
    const difference = await receive(reader, size)
    const time = millis() - start
    if (difference === undefined)
        console.log(`right ${n} "${size} bytes" ${time} ms`)
    else
        console.log(
            `wrong ${n} "${difference}" expected "${size} bytes" ${time} ms`
        )
    return difference === undefined
}

async function send(ws: Rfc6455Connection, size: number) {
    const out = await startMessage(ws, false, size)
    for (let at = 0; at < size; at += SLICE) {
        const phase = (at + size) % PERIOD
        await out.write(rising.slice(phase, phase + Math.min(SLICE, size - at)))
    }
    await out.end()
}

/** @returns what is wrong with the reply */
async function receive(reader: SliceReader, size: number): Promise<string> {
    let at = 0
    let difference: string = undefined
    for (;;) {
        const slice = await reader.recv()
        if (!slice) return `the end after ${at} bytes`
        const { data, isText, last } = slice
        // byte at of the reply is byte size - 1 - at of the message
        const value = (2 * size - 1 - at) % PERIOD
        const phase = (PERIOD - value) % PERIOD
        const wanted = falling.slice(phase, phase + data.length)
        if (isText || data.toString("hex") !== wanted.toString("hex"))
            difference = `other bytes from ${at} on`
        at += data.length
        if (!last) continue
        if (at !== size) difference = `${at} bytes`
        return difference
    }
}
