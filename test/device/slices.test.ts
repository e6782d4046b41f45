import { describe, expect, test } from "@devicescript/test"
import { MessageWriter } from "../../src/websocket/old-message-writer"
import { StreamError } from "../../src/net/stream"
import { FIN, OP_BINARY } from "../../src/protocol/codes"
import { expectBytes, expectReject, expectText } from "./check"
import { binary, frameHead, pattern, ping, text } from "./frames"
import {
    connected,
    Connection,
    expectFailed,
    sending,
    showFrame,
    Task,
} from "./peer"
import { settle } from "./pipe"

/** The next frames that the peer gets. */
async function frames(connection: Connection, count: number): Promise<string> {
    const shown: string[] = []
    for (let i = 0; i < count; ++i)
        shown.push(showFrame(await connection.peer.frame()))
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

function writeLong(connection: Connection, length: number): Task<void> {
    return new Task(async () => {
        const writer = await connection.ws.startMessage(false, length)
        for (let left = length; left > 0; left -= repeated.length)
            await writer.write(
                repeated.slice(0, Math.min(left, repeated.length))
            )
        await writer.end()
    })
}

async function expectLongPayload(connection: Connection, length: number) {
    const { pipe } = connection.peer
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
        const connection = await connected()
        const writer = await connection.ws.startMessage(true)
        await writer.write("a")
        await writer.write(Buffer.from("b"))
        await writer.end("c")
        expectText(await frames(connection, 3), "01 a; 00 b; 80 c")
        const other = await connection.ws.startMessage(false)
        await other.write("d")
        await other.end()
        expectText(await frames(connection, 2), "02 d; 80 ")
        await connection.finish()
    })

    test("has no fragments for empty slices", async () => {
        const connection = await connected()
        const writer = await connection.ws.startMessage(true)
        for (const data of ["", "a", "", "b", ""]) await writer.write(data)
        await writer.end("")
        expectText(await frames(connection, 3), "01 a; 00 b; 80 ")
        await connection.finish()
    })

    test("may be empty, or one slice", async () => {
        const connection = await connected()
        const { ws } = connection
        await (await ws.startMessage(true)).end()
        await (await ws.startMessage(false)).end("a")
        expectText(await frames(connection, 2), "81 ; 82 a")
        await connection.finish()
    })

    test("lets control frames pass between the slices", async () => {
        const connection = await connected()
        const { peer } = connection
        const writer = await connection.ws.startMessage(true)
        await writer.write("a")
        peer.pipe.push(ping("p"))
        await peer.pipe.consumed()
        expectText(await frames(connection, 2), "01 a; 8a p")
        await writer.end("b")
        expectText(await frames(connection, 1), "80 b")
        await connection.finish()
    })

    test("may have characters cut between its slices, and long slices", async () => {
        const connection = await connected()
        const euro = Buffer.from("€")
        const writer = await connection.ws.startMessage(true)
        await writer.write(euro.slice(0, 1))
        await writer.write(euro.slice(1))
        const long = pattern(2500)
        const task = end(writer, long)
        const { peer } = connection
        expectBytes((await peer.frame()).payload, euro.slice(0, 1))
        expectBytes((await peer.frame()).payload, euro.slice(1))
        expectBytes((await peer.frame()).payload, long)
        await task.result()
        await connection.finish()
    })
})

describe("a message of known length", () => {
    test("goes out as one frame", async () => {
        const connection = await connected()
        const writer = await connection.ws.startMessage(true, 6)
        for (const data of ["ab", "", "cde"]) await writer.write(data)
        await writer.end("f")
        const other = await connection.ws.startMessage(false, 2)
        await other.write("gh")
        await other.end()
        await (await connection.ws.startMessage(true, 0)).end()
        expectText(await frames(connection, 3), "81 abcdef; 82 gh; 81 ")
        await connection.finish()
    })

    // RFC 6455, 5.2: the border between lengths of 16 and 64 bits
    test("may be longer than the memory", async () => {
        for (const length of [65535, 65536, 70000]) {
            const connection = await connected()
            const task = writeLong(connection, length)
            const head = frameHead(FIN | OP_BINARY, length)
            head[1] |= 0x80
            expectBytes(await connection.peer.pipe.take(head.length), head)
            await expectLongPayload(connection, length)
            await task.result()
            await connection.finish()
        }
    })

    test("keeps control frames waiting until it is complete", async () => {
        const connection = await connected()
        const { peer } = connection
        const writer = await connection.ws.startMessage(true, 4)
        await writer.write("ab")
        peer.pipe.push(ping("p"))
        await peer.pipe.consumed()
        await settle()
        await writer.end("cd")
        expectText(await frames(connection, 2), "81 abcd; 8a p")
        await connection.finish()
    })

    test("has exactly that length", async () => {
        const connection = await connected()
        const writer = await connection.ws.startMessage(true, 3)
        await expectFailed(write(writer, "abcd"), RangeError, "4 bytes")
        await writer.write("ä")
        await expectFailed(write(writer, "bc"), RangeError, "4 bytes")
        await expectFailed(end(writer), RangeError, "2 bytes")
        await writer.end("c")
        expectText(await frames(connection, 1), "81 äc")
        await connection.finish()
    })
})

describe("while a message is written", () => {
    test("others wait until it is complete", async () => {
        const connection = await connected()
        const { ws } = connection
        const writer = await ws.startMessage(true)
        const second = sending(ws, "second")
        const third = new Task(
            async () => await (await ws.startMessage(true)).end("third")
        )
        await writer.write("a")
        await settle()
        expect(second.isDone || third.isDone).toBe(false)
        await writer.end("b")
        await second.result()
        await third.result()
        expectText(
            await frames(connection, 4),
            "01 a; 80 b; 81 second; 81 third"
        )
        await connection.finish()
    })

    test("its end is the end", async () => {
        const connection = await connected()
        const writer = await connection.ws.startMessage(true)
        await writer.end("a")
        await expectFailed(write(writer, "b"), RangeError, "over")
        await expectFailed(end(writer, "b"), RangeError, "over")
        expectText(await frames(connection, 1), "81 a")
        expect(connection.peer.pipe.available()).toBe(0)
        await connection.finish()
    })

    test("and the connection ends, writing fails and others may go on", async () => {
        const connection = await connected()
        const { ws } = connection
        const writer = await ws.startMessage(true)
        await writer.write("a")
        const waiting = sending(ws, "b")
        await connection.finish()
        await expectFailed(write(writer, "c"), StreamError, "ended")
        await expectFailed(waiting, StreamError, "closed")
        await expectReject(
            async () => await ws.startMessage(true),
            StreamError,
            "not open"
        )
    })

    test("and the link is blocked, writing waits", async () => {
        const connection = await connected()
        const { pipe } = connection.peer
        const writer = await connection.ws.startMessage(true)
        pipe.allow(0)
        const task = write(writer, "a")
        await settle()
        expect(task.isDone).toBe(false)
        pipe.allow(undefined)
        await task.result()
        await writer.end()
        expectText(await frames(connection, 2), "01 a; 80 ")
        await connection.finish()
    })
})

describe("received slices", () => {
    test("are at most a network read, a frame and 1,460 bytes long", async () => {
        const connection = await connected({ slices: true })
        const { ws, peer } = connection
        const frame = binary(pattern(4000))
        peer.pipe.push(frame.slice(0, 100))
        peer.pipe.push(frame.slice(100))
        peer.pipe.push(text("next"))
        const sizes: number[] = []
        let received = 0
        for (let last = false; !last;) {
            const slice = await ws.recvSlice()
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
        expectText((await ws.recvSlice()).data.toString(), "next")
        await connection.finish()
    })

    test("reach handlers, too", async () => {
        const connection = await connected({ slices: true })
        const { ws, peer } = connection
        let got = ""
        ws.onmessage.subscribe(slice => {
            got += slice.data.toString() + ";"
        })
        peer.pipe.push(Buffer.concat(text("ab"), text("c")))
        await connection.finish()
        expectText(got, "ab;c;")
    })
})
