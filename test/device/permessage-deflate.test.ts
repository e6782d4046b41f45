import { describe, expect, test } from "@devicescript/test"
import { FIN, OP_BINARY, OP_TEXT } from "../../src/protocol/codes"
import { startMessage } from "../../src/websocket/message-writer"
import {
    DeflateOptions,
    permessageDeflate,
} from "../../src/websocket/permessage-deflate"
import { slices } from "../../src/websocket/slices"
import { BitWriter } from "./bit-writer"
import { breathe, expectBytes, expectText } from "./check"
import { Client, connected } from "./client"
import { frame, lastPart, more, pattern, ping, text } from "./frames"
import { show, showEnd, showFrame } from "./peer"

const RSV1 = 0x40

/** "Hello", RFC 7692, 7.2.3.1. */
const HELLO = hex`f248cdc9c90700`

/** A client whose peer has agreed to compress. */
async function compressing(
    options: DeflateOptions = {},
    maxMessage?: number
): Promise<Client> {
    const handshake = [permessageDeflate(options)]
    const bits = options.serverMaxWindowBits ?? 10
    return await connected(
        { handshake, maxMessage },
        `Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=${bits}\r\n`
    )
}

function compressed(payload: Buffer, opcode = OP_TEXT): Buffer {
    return frame(FIN | RSV1 | opcode, payload)
}

/** The peer's frames end the connection, in one piece and byte by byte. */
async function expectEnd(bytes: Buffer, end: string, maxMessage?: number) {
    for (const size of [1, bytes.length]) {
        const client = await compressing({}, maxMessage)
        const { pipe } = client.peer
        for (let at = 0; at < bytes.length; at += size)
            pipe.push(bytes.slice(at, at + size))
        client.read()
        await client.peer.frame()
        expectText(showEnd(await client.finish()), `torn ${end} ProtocolError`)
    }
}

/** The client takes a message of so many bytes without running out of steps. */
async function expectTaken(payload: Buffer, size: number) {
    const client = await compressing()
    const reader = slices(client.ws)
    client.peer.pipe.push(compressed(payload, OP_BINARY))
    let taken = 0
    for (let isLast = false; !isLast;) {
        const slice = await reader.recv()
        taken += slice.data.length
        isLast = slice.last
    }
    expect(taken).toBe(size)
    await client.finish()
}

describe("a compressed message", () => {
    test("arrives whole, and cut at every byte", async () => {
        const bytes = compressed(HELLO)
        for (let at = 1; at < bytes.length; ++at) {
            const client = await compressing()
            client.peer.pipe.push(bytes.slice(0, at))
            client.peer.pipe.push(bytes.slice(at))
            expectText(show(await client.ws.recv()), 'text "Hello"')
            await client.finish()
        }
    })

    test("may come in fragments, with Pings between them, and refer to the one before", async () => {
        const client = await compressing()
        const { pipe } = client.peer
        pipe.push(compressed(HELLO))
        pipe.push(frame(RSV1 | OP_TEXT, hex`f2`))
        pipe.push(Buffer.concat(ping("p"), more(hex`0011`), more("")))
        pipe.push(lastPart(hex`0000`))
        pipe.push(text("plain"))
        for (const expected of ["Hello", "Hello", "plain"])
            expectText((await client.ws.recv()).text(), expected)
        await client.finish()
    })

    test("of nothing at all is empty, and the ones behind it are as they were", async () => {
        const client = await compressing()
        const { pipe } = client.peer
        pipe.push(compressed(hex``))
        pipe.push(compressed(HELLO))
        pipe.push(frame(RSV1 | OP_TEXT, "").concat(lastPart("")))
        pipe.push(frame(RSV1 | OP_TEXT, "").concat(more("")))
        pipe.push(lastPart(hex`f200110000`))
        for (const expected of ["", "Hello", "", "Hello"])
            expectText((await client.ws.recv()).text(), expected)
        await client.finish()
    })

    test("comes in slices of 1 KB, however it is inflated", async () => {
        const ones = new BitWriter().number(0b010, 3).code(0x31, 8)
        for (let i = 0; i < 10; ++i) ones.code(0xc5, 8).code(0, 5)
        ones.code(0, 7).number(0, 3)
        const client = await compressing()
        const reader = slices(client.ws)
        client.peer.pipe.push(compressed(ones.data()))
        for (const size of [1024, 1024, 533]) {
            const { data, last } = await reader.recv()
            expect(data.length).toBe(size)
            expect(last).toBe(size < 1024)
        }
        await client.finish()
    })

    test("is longer than the window, and than what is inflated at a time", async () => {
        const ones = new BitWriter().number(0b010, 3).code(0x31, 8)
        for (let i = 0; i < 15; ++i) ones.code(0xc5, 8).code(0, 5)
        ones.code(0, 7).number(0, 3)
        const client = await compressing()
        client.peer.pipe.push(compressed(ones.data()))
        const { data } = await client.ws.recv()
        expect(data.length).toBe(1 + 15 * 258)
        for (let i = 0; i < data.length; ++i) {
            if (i % 500 === 0) await breathe()
            if (data[i] !== 0x01) throw new Error(`${data[i]} at ${i}`)
        }
        await client.finish()
    })

    // RFC 7692, 6.1
    test("has its bit in the first frame of a message, and nowhere else", async () => {
        const wrong = '1002 "reserved bits"'
        await expectEnd(
            frame(RSV1 | OP_TEXT, hex`f2`).concat(frame(FIN | RSV1, HELLO)),
            wrong
        )
        await expectEnd(frame(FIN | RSV1 | 9, ""), wrong)
        await expectEnd(frame(FIN | 0x20 | OP_TEXT, HELLO), wrong)
    })

    test("that is none ends the connection with 1007", async () => {
        for (const payload of [
            hex`06`, // a block of no type
            hex`000500fafe48656c6c6f00`, // a length whose complement is another one
            hex`f248cdc9c907`, // cut off
            hex`f200110000`, // refers to what was not there
            hex`fdff`, // too many codes
        ])
            await expectEnd(compressed(payload), '1007 "compressed data"')
    })

    test("that stands for what is not UTF-8 ends it with 1007, too", async () => {
        const stored = hex`000100feffff00`
        await expectEnd(compressed(stored), '1007 "not UTF-8"')
    })

    // RFC 6455, 7.4.1: 1009
    test("may be as long as maxMessage when it is inflated, and not a byte longer", async () => {
        await expectEnd(compressed(HELLO), '1009 "message too big"', 4)
        const client = await compressing({}, 20)
        const stored = hex`001400ebff`.concat(pattern(20))
        client.peer.pipe.push(compressed(stored.concat(hex`00`), OP_BINARY))
        expectBytes((await client.ws.recv()).data, pattern(20))
        await client.finish()
    })
})

describe("what takes many steps does not end the program:", () => {
    test("codes of nine bits", async () => {
        const bits = new BitWriter().number(0b010, 3)
        for (let i = 0; i < 1500; ++i) {
            if (i % 50 === 0) await breathe()
            bits.code(0x1ff, 9)
        }
        await expectTaken(bits.code(0, 7).number(0, 3).data(), 1500)
    })

    test("the shortest matches", async () => {
        const bits = new BitWriter().number(0b010, 3).code(0x31, 8)
        for (let i = 0; i < 1000; ++i) {
            if (i % 50 === 0) await breathe()
            bits.code(1, 7).code(0, 5)
        }
        await expectTaken(bits.code(0, 7).number(0, 3).data(), 3001)
    })

    test("empty blocks", async () => {
        const bits = new BitWriter()
        for (let i = 0; i < 1200; ++i) {
            if (i % 50 === 0) await breathe()
            bits.number(0b010, 3).code(0, 7)
        }
        await expectTaken(bits.number(0, 3).data(), 0)
        await expectTaken(Buffer.concat(bits.data(), pattern(0)), 0)
    })

    test("tables with as many codes as there can be", async () => {
        const bits = new BitWriter()
        for (let block = 0; block < 20; ++block) {
            bits.number(0b100, 3).number(29, 5).number(29, 5).number(8, 4)
            // the lengths of the codes for 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4
            for (const length of [0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 0, 2])
                bits.number(length, 3)
            for (let i = 0; i < 286; ++i) {
                if (i % 100 === 0) await breathe()
                bits.code(i < 226 ? 2 : 3, 2)
            }
            for (let i = 0; i < 30; ++i) bits.code(i < 2 ? 0 : 1, 2)
            bits.code(452 + 256 - 226, 9)
        }
        await expectTaken(bits.number(0, 3).data(), 0)
    })
})

describe("a message that is sent", () => {
    test("is compressed, from the threshold on", async () => {
        const client = await compressing({ threshold: 5 })
        const { ws, peer } = client
        await ws.send("Hell")
        expectText(showFrame(await peer.frame()), "81 Hell")
        await ws.send("Hello")
        const { head, payload } = await peer.frame()
        expect(head).toBe(FIN | RSV1 | OP_TEXT)
        expectBytes(payload, HELLO)
        await ws.send(Buffer.from("Hello"))
        const second = await peer.frame()
        expect(second.head).toBe(FIN | RSV1 | OP_BINARY)
        expectBytes(second.payload, hex`02130000`)
        await client.finish()
    })

    test("forgets the one before where that is agreed", async () => {
        const client = await compressing({ clientNoContextTakeover: true })
        for (let i = 0; i < 2; ++i) {
            await client.ws.send("Hello, everybody, in the whole house")
            const { payload } = await client.peer.frame()
            expect(payload.length > 30).toBe(true)
        }
        await client.finish()
    })

    test("slice by slice has its bit in the first frame, and what is empty is no frame", async () => {
        const client = await compressing()
        const { ws, peer } = client
        const writer = await startMessage(ws, true, 10)
        for (const slice of ["", "Hello", "", "Hello"])
            await writer.write(slice)
        await writer.end()
        let joined = Buffer.alloc(0)
        for (const head of [RSV1 | OP_TEXT, 0, FIN]) {
            const frame = await peer.frame()
            expect(frame.head).toBe(head)
            joined = joined.concat(frame.payload)
        }
        const back = await compressing()
        back.peer.pipe.push(compressed(joined))
        expectText((await back.ws.recv()).text(), "HelloHello")
        await back.finish()
        await client.finish()
    })

    test("of 4 KB comes back as it was, through a window of 512 B", async () => {
        const data = pattern(4000)
        const client = await compressing({ clientMaxWindowBits: 9 })
        const { ws, peer } = client
        const writer = await startMessage(ws, false)
        const reader = slices(ws)
        for (let i = 0; i < 5; ++i)
            await writer.write(data.slice(800 * i, 800 * i + 800))
        await writer.end()
        let taken = 0
        for (let i = 0; i < 6; ++i) {
            const { head, payload } = await peer.frame()
            const isFirst = i === 0
            expect(head & 0x7f).toBe(isFirst ? RSV1 | OP_BINARY : 0)
            peer.pipe.push(frame(head, payload))
        }
        for (let isLast = false; !isLast;) {
            const slice = await reader.recv()
            const { length } = slice.data
            expectBytes(slice.data, data.slice(taken, taken + length))
            taken += length
            isLast = slice.last
        }
        expect(taken).toBe(4000)
        await client.finish()
    })
})
