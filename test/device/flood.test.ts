import { describe, expect, test } from "@devicescript/test"
import { FIN, OP_BINARY, OP_TEXT } from "../../src/protocol/codes"
import { expectBytes, expectText } from "./check"
import {
    binary,
    closing,
    frameHead,
    lastPart,
    ping,
    pong,
    text,
} from "./frames"
import { connected, reading } from "./client"
import { showFrame, Task } from "./peer"

/** The same frame many times. */
function many(frame: Buffer, times: number): Buffer {
    const all = Buffer.alloc(frame.length * times)
    for (let i = 0; i < times; ++i)
        all.blitAt(i * frame.length, frame, 0, frame.length)
    return all
}

// The VM ends a program whose fiber takes more than 131,072 steps without a pause, or whose heap is full.
describe("the program survives", () => {
    test("a message of 1,024 fragments in one network read", async () => {
        for (const fragment of ["", "a"]) {
            const client = await connected()
            const { ws, peer } = client
            const data = many(Buffer.from([0, fragment.length, 0x61]), 1022)
            peer.pipe.push(Buffer.from([OP_TEXT, 0]))
            peer.pipe.push(fragment ? data : many(Buffer.from([0, 0]), 1022))
            peer.pipe.push(lastPart("!"))
            const message = await ws.recv()
            expect(message.data.length).toBe(fragment ? 1023 : 1)
            await client.finish()
        }
    })

    test("a long message whose bytes come one by one", async () => {
        const client = await connected()
        const { ws, peer } = client
        const data = Buffer.alloc(900)
        const frame = binary(data)
        for (let i = 0; i < frame.length; ++i)
            peer.pipe.push(frame.slice(i, i + 1))
        expectBytes((await ws.recv()).data, data)
        await client.finish()
    })

    test("hundreds of messages in one network read", async () => {
        for (const body of ["", "0123456789"]) {
            const client = await connected()
            const { ws, peer } = client
            peer.pipe.push(many(text(body), 1000))
            peer.pipe.push(text("end"))
            let count = 0
            while ((await ws.recv()).text() !== "end") count++
            expect(count).toBe(1000)
            await client.finish()
        }
    })

    // RFC 6455, 5.5.3: only the last Ping has to be answered
    test("a flood of Pings and Pongs, of which the last one is answered", async () => {
        for (const payload of ["", "0123456789"]) {
            const client = await reading()
            const { peer } = client
            peer.pipe.push(many(pong(payload), 500))
            peer.pipe.push(many(ping(payload), 500))
            peer.pipe.push(ping("end"))
            while (showFrame(await peer.frame()) !== "8a end");
            await client.finish()
        }
    })

    test("a long text of characters that are dear to check, in one network read", async () => {
        const client = await connected({ maxMessage: 8192 })
        const { ws, peer } = client
        for (const character of [hex`efbfbd`, hex`efbfbf`, hex`c3a4`]) {
            const data = many(character, 2700)
            peer.pipe.push(frameHead(FIN | OP_TEXT, data.length))
            peer.pipe.push(data)
            expect((await ws.recv()).data.length).toBe(data.length)
        }
        await client.finish()
    })

    test("texts that are dear to check while it closes", async () => {
        const client = await connected()
        const { ws, peer } = client
        const task = new Task(async () => await ws.close())
        expectText(showFrame(await peer.frame()), "close")
        peer.pipe.push(many(text(many(hex`efbfbf`, 400)), 8))
        peer.pipe.push(closing())
        await client.finish()
        await task.result()
    })

    test("a long message in one network read", async () => {
        const client = await connected({ maxMessage: 8192 })
        const { ws, peer } = client
        const data = Buffer.alloc(8192)
        peer.pipe.push(frameHead(FIN | OP_BINARY, data.length))
        peer.pipe.push(data)
        expect((await ws.recv()).data.length).toBe(8192)
        peer.pipe.push(text("next"))
        expectText((await ws.recv()).text(), "next")
        await client.finish()
    })
})
