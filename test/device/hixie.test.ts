import { describe, expect, test } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import { Message } from "../../src/protocol/message"
import { Connection, End } from "../../src/websocket/connection"
import { expectBytes, expectError, expectReject, expectText } from "./check"
import {
    connected75,
    connected76,
    HIXIE_CLOSE,
    hixieText,
    Opened,
    readText,
} from "./hixie-peer"
import { show, Task } from "./peer"
import { settle } from "./pipe"

/** The bytes that come next to the WebSocket make these messages. */
async function expectMessages(
    ws: Connection,
    push: () => void,
    messages: string[]
) {
    push()
    for (const message of messages)
        expectText(show(await ws.recv(5000)), message)
}

/** Reads to the end in the background. */
function ending(connection: Opened): Task<End> {
    return new Task(async () => await connection.ended())
}

/** Sends a message in the background. */
function sending(ws: Connection, data: string): Task<void> {
    return new Task(async () => await ws.send(data))
}

function repeated(text: string, times: number): string {
    let all = ""
    for (let i = 0; i < times; ++i) all += text
    return all
}

/** Unknown frames of every kind, which are to be skipped; the last is not a closing frame, because its length is not 0. */
const UNKNOWN = [
    hex`01 41 00 ff`,
    hex`7f ff`,
    hex`80 00`,
    hex`80 03 00 ff 00`,
    hex`80 81 00`.concat(Buffer.alloc(128)),
    hex`fe 80 80 01 ff`,
    hex`ff 01 00`,
]

// draft-hixie-75, 4.2; draft-hixie-76, 4.2
describe("what comes", () => {
    test("is text from 0x00 to 0xFF, whole, byte by byte and cut at every place", async () => {
        const connection = await connected76()
        const { ws, peer } = connection
        const bytes = hixieText("a€𝄞")
            .concat(hixieText(""))
            .concat(hixieText("\u0000z"))
        const expected = ['text "a€𝄞"', 'text ""', 'text "\u0000z"']
        await expectMessages(ws, () => peer.pipe.push(bytes), expected)
        await expectMessages(
            ws,
            () => {
                for (let i = 0; i < bytes.length; ++i)
                    peer.pipe.push(bytes.slice(i, i + 1))
            },
            expected
        )
        for (let at = 1; at < bytes.length; ++at) {
            peer.pipe.push(bytes.slice(0, at))
            peer.pipe.push(bytes.slice(at))
            await expectMessages(ws, () => {}, expected)
        }
        await connection.finish()
    })

    test("is kept as it is when it is long", async () => {
        const connection = await connected76({ maxMessage: 2600 })
        const { ws, peer } = connection
        const long = repeated("0123456789€", 200)
        const bytes = hixieText(long)
        expect(bytes.length).toBe(2602)
        for (const size of [3000, 1460, 700]) {
            for (let at = 0; at < bytes.length; at += size)
                peer.pipe.push(
                    bytes.slice(at, Math.min(at + size, bytes.length))
                )
            const message = await ws.recv()
            expectBytes(message.data, Buffer.from(long))
        }
        await connection.finish()
    })

    test("is skipped when it is of another type", async () => {
        for (const connection of [await connected75(), await connected76()]) {
            const { ws, peer } = connection
            for (const unknown of UNKNOWN) {
                const bytes = unknown.concat(hixieText("x"))
                peer.pipe.push(bytes)
                expectText(show(await ws.recv()), 'text "x"')
                for (let i = 0; i < bytes.length; ++i)
                    peer.pipe.push(bytes.slice(i, i + 1))
                expectText(show(await ws.recv()), 'text "x"')
            }
            await connection.finish()
        }
    })

    test("is skipped up to the end of its length, be it beyond 31 bits", async () => {
        for (const head of [hex`80 88 80 80 80 00`, hex`ff 88 80 80 80 00`]) {
            const connection = await connected76()
            const { ws, peer } = connection
            peer.pipe.push(head)
            peer.pipe.push(hixieText("x"))
            expect(await ws.recv(5)).toBe(undefined)
            expect(peer.pipe.unread()).toBe(0)
            expect(ws.end).toBe(undefined)
            expect(peer.pipe.available()).toBe(0)
            await connection.finish()
        }
    })

    test("is skipped in any number, without holding the program up", async () => {
        const connection = await connected76()
        const { ws, peer } = connection
        const flood = Buffer.alloc(16384)
        flood[0] = 0x80
        for (let done = 2; done < flood.length; done *= 2)
            flood.blitAt(done, flood, 0, done)
        peer.pipe.push(flood)
        peer.pipe.push(hixieText("x"))
        expectText(show(await ws.recv()), 'text "x"')
        await connection.finish()
    })

    test("ends the connection when it is too long, or no UTF-8, or a length beyond measure", async () => {
        const cases: [Buffer[], number][] = [
            [[hixieText("123456789")], 1009],
            [[hex`00 31 32 33 34 35 36 37 38 39`], 1009],
            [[hex`00 31 32 33 34 35`, hex`36 37 38 39`], 1009],
            [[hixieText(hex`c3 28`)], 1007],
            [[hixieText(hex`e2 82`)], 1007],
            [[hex`80 81 81 81 81 81 81 81 81`], 1002],
        ]
        for (const pair of cases) {
            const connection = await connected76({ maxMessage: 8 })
            const { peer } = connection
            const task = ending(connection)
            for (const piece of pair[0]) peer.pipe.push(piece)
            expectBytes(await peer.pipe.take(2), HIXIE_CLOSE)
            const end = await task.result()
            expectError(end.error, ProtocolError, "")
            expect(end.code).toBe(pair[1])
            expect(end.wasClean).toBe(false)
        }
    })

    test("ends the connection of draft-hixie-75 at once when it is wrong", async () => {
        const connection = await connected75()
        connection.peer.pipe.push(hixieText(hex`c3 28`))
        const end = await connection.ended()
        expectError(end.error, ProtocolError, "UTF-8")
        expect(connection.peer.pipe.available()).toBe(0)
    })
})

describe("what goes out", () => {
    test("is text from 0x00 to 0xFF", async () => {
        for (const connection of [await connected75(), await connected76()]) {
            const { ws, peer } = connection
            for (const text of ["a€𝄞", "", repeated("0123456789", 120)]) {
                await ws.send(text)
                expectBytes(
                    await peer.pipe.take(Buffer.from(text).length + 2),
                    hixieText(text)
                )
                await ws.send(new Message(Buffer.from(text), true, undefined))
                expectText(await readText(peer), text)
            }
            expect(peer.pipe.available()).toBe(0)
            await connection.finish()
        }
    })

    test("keeps its order while the network takes nothing", async () => {
        const connection = await connected76()
        const { ws, peer } = connection
        peer.pipe.allow(0)
        const long = repeated("0123456789", 120)
        const tasks = [
            sending(ws, "1"),
            sending(ws, long),
            sending(ws, Buffer.from("€").toString()),
        ]
        await settle()
        await expectReject(
            async () => await ws.send(hex`00`),
            RangeError,
            "binary"
        )
        peer.pipe.allow(undefined)
        for (const task of tasks) await task.result()
        for (const text of ["1", long, "€"])
            expectText(await readText(peer), text)
        expect(peer.pipe.available()).toBe(0)
        await connection.finish()
    })

    test("can be nothing that the drafts do not have", async () => {
        const connection = await connected76()
        const { ws, peer } = connection
        const name = "draft-hixie has no "
        await expectReject(
            async () => await ws.send(hex`ff`),
            RangeError,
            name + "binary messages"
        )
        await expectReject(
            async () => await ws.send(new Message(hex`00`, false, undefined)),
            RangeError,
            name + "binary messages"
        )
        await expectReject(
            async () => await ws.close(1000),
            RangeError,
            name + "close codes"
        )
        await expectReject(
            async () => await ws.send(new Message(hex`31ff`, true, undefined)),
            RangeError,
            "0xff"
        )
        expect(peer.pipe.available()).toBe(0)
        // and goes on as before
        expect(ws.end).toBe(undefined)
        await ws.send("x")
        expectText(await readText(peer), "x")
        await connection.finish()
    })

    test("is never a Ping, however long nothing comes", async () => {
        const connection = await connected76()
        const task = ending(connection)
        await connection.peer.pipe.consumed()
        expect(connection.peer.pipe.patience).toBe(undefined)
        connection.peer.pipe.end()
        await task.result()
    })
})
