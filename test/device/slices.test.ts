import { describe, expect, test } from "@devicescript/test"
import { MessageWriter, startMessage } from "../../src/websocket/message-writer"
import { slices } from "../../src/websocket/slices"
import { StreamError } from "../../src/net/stream"
import { FIN, OP_BINARY } from "../../src/protocol/codes"
import { expectBytes, expectReject, expectText } from "./check"
import { binary, frameHead, pattern, ping, text } from "./frames"
import { Client, connected, reading } from "./client"
import { expectFailed, sending, showFrame, Task } from "./peer"
import { settle } from "./pipe"

/** The next frames that the peer gets. */
async function frames(client: Client, count: number): Promise<string> {
    const shown: string[] = []
    for (let i = 0; i < count; ++i)
        shown.push(showFrame(await client.peer.frame()))
    return shown.join("; ")
}

function write(writer: MessageWriter, data: string | Buffer): Task<void> {
    return new Task(async () => await writer.write(data))
}

function end(writer: MessageWriter, data?: string | Buffer): Task<void> {
    return new Task(async () => await writer.end(data))
}

/** The content of long messages, repeated: a multiple of a mask's length, so that every repetition is masked alike. */
const repeated = pattern(1004)

function writeLong(client: Client, length: number): Task<void> {
    return new Task(async () => {
        const writer = await startMessage(client.ws, false, length)
        for (let left = length; left > 0; left -= repeated.length)
            await writer.write(
                repeated.slice(0, Math.min(left, repeated.length))
            )
        await writer.end()
    })
}

async function expectLongPayload(client: Client, length: number) {
    const { pipe } = client.peer
    const key = await pipe.take(4)
    const expected = Buffer.alloc(repeated.length)
    for (let i = 0; i < expected.length; ++i)
        expected[i] = repeated[i] ^ key[i & 3]
    for (let at = 0; at < length; at += expected.length) {
        const size = Math.min(expected.length, length - at)
        expectBytes(await pipe.take(size), expected.slice(0, size))
    }
    expect(pipe.available()).toBe(0)
}

// RFC 6455, 5.4
describe("a message of unknown length", () => {
    test("goes out as fragments", async () => {
        const client = await connected()
        const writer = await startMessage(client.ws, true)
        await writer.write("a")
        await writer.write(Buffer.from("b"))
        await writer.end("c")
        expectText(await frames(client, 3), "01 a; 00 b; 80 c")
        const other = await startMessage(client.ws, false)
        await other.write("d")
        await other.end()
        expectText(await frames(client, 2), "02 d; 80 ")
        await client.finish()
    })

    test("has no fragments for empty slices", async () => {
        const client = await connected()
        const writer = await startMessage(client.ws, true)
        for (const data of ["", "a", "", "b", ""]) await writer.write(data)
        await writer.end("")
        expectText(await frames(client, 3), "01 a; 00 b; 80 ")
        await client.finish()
    })

    test("may be empty, or one slice", async () => {
        const client = await connected()
        const { ws } = client
        await (await startMessage(ws, true)).end()
        await (await startMessage(ws, false)).end("a")
        expectText(await frames(client, 2), "81 ; 82 a")
        await client.finish()
    })

    test("lets control frames pass between the slices", async () => {
        const client = await reading()
        const { peer } = client
        const writer = await startMessage(client.ws, true)
        await writer.write("a")
        peer.pipe.push(ping("p"))
        await peer.pipe.consumed()
        expectText(await frames(client, 2), "01 a; 8a p")
        await writer.end("b")
        expectText(await frames(client, 1), "80 b")
        await client.finish()
    })

    test("may have characters cut between its slices, and long slices", async () => {
        const client = await connected()
        const euro = Buffer.from("€")
        const writer = await startMessage(client.ws, true)
        await writer.write(euro.slice(0, 1))
        await writer.write(euro.slice(1))
        const long = pattern(2500)
        const task = end(writer, long)
        const { peer } = client
        expectBytes((await peer.frame()).payload, euro.slice(0, 1))
        expectBytes((await peer.frame()).payload, euro.slice(1))
        expectBytes((await peer.frame()).payload, long)
        await task.result()
        await client.finish()
    })
})

describe("a message of known length", () => {
    test("goes out as one frame", async () => {
        const client = await connected()
        const writer = await startMessage(client.ws, true, 6)
        for (const data of ["ab", "", "cde"]) await writer.write(data)
        await writer.end("f")
        const other = await startMessage(client.ws, false, 2)
        await other.write("gh")
        await other.end()
        await (await startMessage(client.ws, true, 0)).end()
        expectText(await frames(client, 3), "81 abcdef; 82 gh; 81 ")
        await client.finish()
    })

    // RFC 6455, 5.2: the border between lengths of 16 and 64 bits
    test("may be longer than the memory", async () => {
        for (const length of [65535, 65536, 70000]) {
            const client = await connected()
            const task = writeLong(client, length)
            const head = frameHead(FIN | OP_BINARY, length)
            head[1] |= 0x80
            expectBytes(await client.peer.pipe.take(head.length), head)
            await expectLongPayload(client, length)
            await task.result()
            await client.finish()
        }
    })

    test("keeps control frames waiting until it is complete", async () => {
        const client = await reading()
        const { peer } = client
        const writer = await startMessage(client.ws, true, 4)
        await writer.write("ab")
        peer.pipe.push(ping("p"))
        await peer.pipe.consumed()
        await settle()
        await writer.end("cd")
        expectText(await frames(client, 2), "81 abcd; 8a p")
        await client.finish()
    })

    test("has exactly that length", async () => {
        const client = await connected()
        const writer = await startMessage(client.ws, true, 3)
        await expectFailed(write(writer, "abcd"), RangeError, "4 bytes")
        await writer.write("ä")
        await expectFailed(write(writer, "bc"), RangeError, "4 bytes")
        await expectFailed(end(writer), RangeError, "2 bytes")
        await writer.end("c")
        expectText(await frames(client, 1), "81 äc")
        await client.finish()
    })
})

describe("while a message is written", () => {
    test("others wait until it is complete", async () => {
        const client = await connected()
        const { ws } = client
        const writer = await startMessage(ws, true)
        const second = sending(ws, "second")
        const third = new Task(
            async () => await (await startMessage(ws, true)).end("third")
        )
        await writer.write("a")
        await settle()
        expect(second.isDone || third.isDone).toBe(false)
        await writer.end("b")
        await second.result()
        await third.result()
        expectText(await frames(client, 4), "01 a; 80 b; 81 second; 81 third")
        await client.finish()
    })

    test("its end is the end", async () => {
        const client = await connected()
        const writer = await startMessage(client.ws, true)
        await writer.end("a")
        await expectFailed(write(writer, "b"), RangeError, "over")
        await expectFailed(end(writer, "b"), RangeError, "over")
        expectText(await frames(client, 1), "81 a")
        expect(client.peer.pipe.available()).toBe(0)
        await client.finish()
    })

    test("and the connection ends, writing fails and others may go on", async () => {
        const client = await connected()
        const { ws } = client
        const writer = await startMessage(ws, true)
        await writer.write("a")
        const waiting = sending(ws, "b")
        await client.finish()
        await expectFailed(write(writer, "c"), StreamError, "closed")
        await expectFailed(waiting, StreamError, "closed")
        await expectReject(
            async () => await startMessage(ws, true),
            StreamError,
            "closed"
        )
    })

    test("and the link is blocked, writing waits", async () => {
        const client = await connected()
        const { pipe } = client.peer
        const writer = await startMessage(client.ws, true)
        pipe.allow(0)
        const task = write(writer, "a")
        await settle()
        expect(task.isDone).toBe(false)
        pipe.allow(undefined)
        await task.result()
        await writer.end()
        expectText(await frames(client, 2), "01 a; 80 ")
        await client.finish()
    })
})

describe("received slices", () => {
    test("are at most a network read, a frame and 1,460 bytes long", async () => {
        const client = await connected()
        const { ws, peer } = client
        const reader = slices(ws)
        const frame = binary(pattern(4000))
        peer.pipe.push(frame.slice(0, 100))
        peer.pipe.push(frame.slice(100))
        peer.pipe.push(text("next"))
        const sizes: number[] = []
        let received = 0
        for (let last = false; !last;) {
            const slice = await reader.recv()
            const { data } = slice
            expectBytes(
                data,
                pattern(4000).slice(received, received + data.length)
            )
            received += data.length
            sizes.push(data.length)
            last = slice.last
        }
        expectText(sizes.join(), "96,1460,1460,984")
        expectText((await reader.recv()).data.toString(), "next")
        await client.finish()
    })
})
