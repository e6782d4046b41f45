import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { FIN, OP_BINARY, OP_TEXT } from "../../src/protocol/codes"
import { expectBytes, expectText } from "./check"
import { binary, pattern, ping, text } from "./frames"
import { Client, connected, reading } from "./client"
import { expectFailed, Frame, sending, showFrame, Task } from "./peer"
import { settle } from "./pipe"

/** Sends data while the peer reads. @returns the frame that the peer gets */
async function sent(client: Client, data: string | Buffer): Promise<Frame> {
    const task = sending(client.ws, data)
    const frame = await client.peer.frame()
    await task.result()
    return frame
}

/** The frames that the peer gets up to the Close frame. */
async function framesToClose(client: Client): Promise<string[]> {
    const shown: string[] = []
    for (;;) {
        const frame = showFrame(await client.peer.frame())
        shown.push(frame)
        if (frame.slice(0, 5) === "close" || frame === "null") return shown
    }
}

// RFC 6455, 5.2 and 5.3
describe("a message is sent", () => {
    test("in one masked frame, with its length in the shortest form", async () => {
        const client = await connected()
        for (const length of [0, 1, 125, 126, 127, 1023, 1024, 1025, 5000]) {
            const data = pattern(length)
            const frame = await sent(client, data)
            expect(frame.head).toBe(FIN | OP_BINARY)
            expectBytes(frame.payload, data)
        }
        await client.finish()
    })

    test("whole, with a length at each border of the writes and the pauses between them", async () => {
        const client = await connected()
        for (const length of [2047, 2048, 2049, 8192, 9000]) {
            const data = pattern(length)
            expectBytes((await sent(client, data)).payload, data)
        }
        await client.finish()
    })

    test("as text when it is a string, wherever its characters are cut", async () => {
        const client = await connected()
        for (const start of ["", "a", "ab", "abc"]) {
            let data = start
            while (data.length < 400) data += "ä€\u{1f600}"
            const frame = await sent(client, data)
            expect(frame.head).toBe(FIN | OP_TEXT)
            expectBytes(frame.payload, Buffer.from(data))
        }
        await client.finish()
    })

    test("as it came, when it is a received one", async () => {
        const client = await connected()
        const { ws, peer } = client
        // U+FFFF is text that the VM's strings do not keep
        for (const message of [text(hex`61efbfbf62`), binary(hex`ff00`)]) {
            peer.pipe.push(message)
            await ws.send(await ws.recv())
            const frame = await peer.frame()
            expect(frame.head).toBe(message[0])
            expectBytes(frame.payload, message.slice(2))
        }
        await client.finish()
    })

    // RFC 6455, 5.3: a fresh key for each frame, from a strong source
    test("with a fresh masking key each time", async () => {
        const client = await reading()
        const { ws, peer } = client
        const keys: string[] = []
        for (let i = 0; i < 40; ++i) {
            if (i % 4) await ws.send("x")
            else peer.pipe.push(ping("x"))
            const key = (await peer.frame()).key.toString("hex")
            expect(keys.indexOf(key)).toBe(-1)
            keys.push(key)
        }
        await client.finish()
    })

    test("in the order of the calls, each in one piece", async () => {
        const client = await connected()
        const { ws, peer } = client
        peer.pipe.allow(0)
        const lengths = [3000, 0, 10, 2000, 1]
        const tasks = lengths.map(length => sending(ws, pattern(length)))
        await settle()
        for (const task of tasks) expect(task.isDone).toBe(false)
        peer.pipe.allow(undefined)
        for (const length of lengths)
            expectBytes((await peer.frame()).payload, pattern(length))
        for (const task of tasks) await task.result()
        await client.finish()
    })

    test("only when it is a string, a Buffer or a Message", async () => {
        const client = await connected()
        const wrong: any[] = [undefined, null, 1, true, {}, ["a"]]
        for (const data of wrong)
            await expectFailed(sending(client.ws, data), TypeError, "send")
        expect(client.peer.pipe.available()).toBe(0)
        await client.finish()
    })

    test("as long as the WebSocket is open", async () => {
        const client = await connected()
        await client.finish()
        const task = sending(client.ws, "late")
        await expectFailed(task, StreamError, "closed")
    })

    test("or its call fails, when the link breaks meanwhile", async () => {
        for (const writes of [0, 1]) {
            const client = await reading()
            const { ws, peer } = client
            peer.pipe.allow(writes)
            const tasks = [sending(ws, pattern(3000)), sending(ws, "next")]
            await settle()
            peer.pipe.fail("cable cut")
            for (const task of tasks)
                await expectFailed(task, StreamError, "cable cut")
            expectText((await client.ended()).error.message, "cable cut")
        }
    })
})

describe("control frames", () => {
    // RFC 6455, 5.4 and 5.5
    test("go out before what is queued, but not inside of a frame", async () => {
        const client = await reading()
        const { ws, peer } = client
        peer.pipe.allow(1)
        const tasks = [sending(ws, pattern(3000)), sending(ws, "second")]
        await settle()
        peer.pipe.push(ping("1"))
        peer.pipe.push(ping("2"))
        await peer.pipe.consumed()
        peer.pipe.allow(undefined)
        expectBytes((await peer.frame()).payload, pattern(3000))
        expectText(showFrame(await peer.frame()), "8a 1")
        expectText(showFrame(await peer.frame()), "8a 2")
        expectText(showFrame(await peer.frame()), "81 second")
        for (const task of tasks) await task.result()
        await client.finish()
    })

    // RFC 6455, 5.5.1
    test("Close goes out last, behind all messages, and nothing follows it", async () => {
        const client = await reading()
        const { ws, peer } = client
        peer.pipe.allow(0)
        const tasks = [sending(ws, "a"), sending(ws, "b")]
        await settle()
        tasks.push(new Task(async () => await ws.close(1000, "done")))
        await settle()
        peer.pipe.push(ping("late"))
        await peer.pipe.consumed()
        const behind = sending(ws, "c")
        peer.pipe.allow(undefined)
        const shown = await framesToClose(client)
        const expected = ["81 a", "8a late", "81 b", "close 1000 done"]
        expectText(shown.join(), expected.join())
        peer.pipe.push(ping("too late"))
        await peer.pipe.consumed()
        await settle()
        expect(peer.pipe.available()).toBe(0)
        await expectFailed(behind, StreamError, "closed")
        await client.finish()
        for (const task of tasks) await task.result()
    })
})
