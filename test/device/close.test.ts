import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { ProtocolError } from "../../src/protocol/codes"
import {
    CLOSED,
    CLOSING,
    CONNECTING,
    OPEN,
} from "../../src/websocket/websocket"
import { expectError, expectReject, expectText } from "./check"
import { binary, closing, frame, ping, text } from "./frames"
import {
    connected,
    Connection,
    expectFailed,
    showEnd,
    showFrame,
    Task,
} from "./peer"
import { settle } from "./pipe"

/** RFC 6455, 7.4.1 and 7.4.2, and the codes registered with the IANA since. */
const VALID = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    3000, 3999, 4000, 4999,
]
const INVALID = [
    0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
]

function close(
    connection: Connection,
    code?: number,
    reason?: string
): Task<void> {
    return new Task(async () => await connection.ws.close(code, reason))
}

/** A text of so many bytes. */
function long(bytes: number): string {
    let reason = bytes % 2 ? "a" : ""
    while (reason.byteLength < bytes) reason += "ä"
    return reason
}

/** How the connection ends after the peer has sent this. @returns the WebSocket's Close frame, and its end */
async function closedBy(bytes: Buffer): Promise<string> {
    const connection = await connected()
    connection.peer.pipe.push(bytes)
    const reply = showFrame(await connection.peer.frame())
    const end = await connection.finish()
    expect(connection.peer.pipe.available()).toBe(0)
    return `${reply}; ${showEnd(end)}`
}

// RFC 6455, 5.5.1 and 7
describe("the peer closes", () => {
    test("with a code and a reason, and gets the code back", async () => {
        for (const code of VALID)
            expectText(
                await closedBy(closing(code, "byé")),
                `close ${code} ; clean ${code} "byé"`
            )
        const reason = long(123)
        expectText(
            await closedBy(closing(1000, reason)),
            `close 1000 ; clean 1000 "${reason}"`
        )
    })

    test("without a code, and gets none: 1005", async () => {
        expectText(await closedBy(closing()), 'close; clean 1005 ""')
    })

    test("with a code that may not be sent: 1002", async () => {
        for (const code of INVALID) {
            const why = `Close frame with code ${code}`
            expectText(
                await closedBy(closing(code)),
                `close 1002 ${why}; torn 1002 "${why}" ProtocolError`
            )
        }
    })

    test("with half a code: 1002", async () => {
        expectText(
            await closedBy(frame(0x88, hex`03`)),
            'close 1002 Close frame of 1 byte; torn 1002 "Close frame of 1 byte" ProtocolError'
        )
    })

    test("and what it sends afterwards is ignored", async () => {
        const late = Buffer.concat(text("late"), ping("x"), hex`ffff`)
        const close = closing(1001)
        const connection = await connected()
        const { ws, peer } = connection
        peer.pipe.push(Buffer.concat(text("a"), close, late))
        peer.pipe.push(late)
        expectText(showFrame(await peer.frame()), "close 1001 ")
        expectText(showEnd(await connection.finish()), 'clean 1001 ""')
        expect(peer.pipe.available()).toBe(0)
        expectText((await ws.recv()).text(), "a")
        expect(await ws.recv()).toBe(null)
    })

    // RFC 6455, 7.1.1: the server ends the TCP connection first
    test("and has to end the connection, or the WebSocket does", async () => {
        const connection = await connected({ closeTimeout: 300 })
        const { peer } = connection
        peer.pipe.push(closing(1000))
        await peer.frame()
        await settle()
        expect(peer.pipe.closed).toBe(false)
        expectText(showEnd(await connection.ended()), 'clean 1000 ""')
        expect(peer.pipe.closed).toBe(true)
    })

    test("and can't go on talking for ever", async () => {
        for (const last of [closing(1000), text(hex`ff`)]) {
            const connection = await connected({ closeTimeout: 20 })
            const { pipe } = connection.peer
            pipe.push(last)
            pipe.talkOn(text("a"), 1000)
            await connection.ended()
            expect(pipe.closed).toBe(true)
            expect(pipe.chatters > 0).toBe(true)
        }
    })

    test("and queued messages are not sent any more", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        peer.pipe.allow(0)
        const tasks = ["a", "b"].map(
            data => new Task(async () => await ws.send(data))
        )
        await settle()
        peer.pipe.push(closing(1000))
        await peer.pipe.consumed()
        peer.pipe.allow(undefined)
        expectText(showFrame(await peer.frame()), "81 a")
        expectText(showFrame(await peer.frame()), "close 1000 ")
        await connection.finish()
        await expectFailed(tasks[1], StreamError, "send")
    })

    test("not at all but ends the connection: 1006", async () => {
        const connection = await connected()
        connection.peer.pipe.push(text("a"))
        expectText(showEnd(await connection.finish()), 'torn 1006 ""')
        expect(connection.ws.readyState).toBe(CLOSED)
    })

    test("not at all but the link breaks: 1006 with the error", async () => {
        const connection = await connected()
        connection.peer.pipe.fail("reset")
        const end = await connection.ended()
        expectText(showEnd(end), 'torn 1006 "" StreamError')
        expectError(end.error, StreamError, "reset")
        expect(connection.ws.error).toBe(end.error)
    })
})

// RFC 6455, 7.1.2
describe("close", () => {
    test("sends a code and a reason, and waits for the peer's", async () => {
        for (const code of VALID) {
            const connection = await connected()
            const { ws, peer } = connection
            const task = close(connection, code, "byé")
            expectText(showFrame(await peer.frame()), `close ${code} byé`)
            expect(ws.readyState).toBe(CLOSING)
            peer.pipe.push(closing(3001, "ok"))
            await peer.pipe.consumed()
            await settle()
            expect(task.isDone).toBe(false)
            expectText(showEnd(await connection.finish()), 'clean 3001 "ok"')
            await task.result()
            expect(ws.readyState).toBe(CLOSED)
            expect(peer.pipe.available()).toBe(0)
        }
    })

    test("may be without a code, or with a reason only", async () => {
        const expected = ["close", "close 1000 x", "close 1000 " + long(123)]
        const reasons = [undefined, "x", long(123)]
        for (let i = 0; i < reasons.length; ++i) {
            const connection = await connected()
            const task = close(connection, undefined, reasons[i])
            expectText(showFrame(await connection.peer.frame()), expected[i])
            await connection.finish()
            await task.result()
        }
    })

    test("refuses codes that may not be sent, and long reasons", async () => {
        const connection = await connected()
        const refused = INVALID.map(code => close(connection, code))
        refused.push(close(connection, 1000, long(124)))
        refused.push(close(connection, undefined, long(130)))
        for (const task of refused)
            await expectFailed(task, RangeError, "close ")
        expect(connection.ws.readyState).toBe(OPEN)
        expect(connection.peer.pipe.available()).toBe(0)
        await connection.finish()
    })

    test("gives a silent peer up after closeTimeout: 1006", async () => {
        for (const writes of [0, undefined]) {
            const connection = await connected({ closeTimeout: 20 })
            const { ws, peer } = connection
            peer.pipe.allow(writes)
            await ws.close(1000)
            expect(ws.readyState).toBe(CLOSED)
            expect(peer.pipe.closed).toBe(true)
            const end = await connection.ended()
            expect(end.code).toBe(1006)
            expect(end.wasClean).toBe(false)
        }
    })

    test("crosses the peer's: both are clean", async () => {
        const connection = await connected()
        const { peer } = connection
        peer.pipe.allow(0)
        const task = close(connection, 1000)
        await settle()
        peer.pipe.push(closing(1001, "too"))
        await peer.pipe.consumed()
        peer.pipe.allow(undefined)
        expectText(showFrame(await peer.frame()), "close 1000 ")
        expectText(showEnd(await connection.finish()), 'clean 1001 "too"')
        await task.result()
        expect(peer.pipe.available()).toBe(0)
    })

    test("may be called again, by others and afterwards", async () => {
        const connection = await connected()
        const tasks = [close(connection, 1000), close(connection, 1001)]
        const { peer } = connection
        expectText(showFrame(await peer.frame()), "close 1000 ")
        await connection.finish()
        for (const task of tasks) await task.result()
        await connection.ws.close()
        expect(connection.ends.length).toBe(1)
        expect(peer.pipe.available()).toBe(0)
    })

    test("ends the messages: what comes then is not delivered, what came is", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        peer.pipe.push(text("before"))
        await peer.pipe.consumed()
        const task = close(connection)
        await peer.frame()
        peer.pipe.push(Buffer.concat(text("after"), binary(hex`00`)))
        peer.pipe.push(closing())
        await connection.finish()
        await task.result()
        expectText((await ws.recv()).text(), "before")
        expect(await ws.recv()).toBe(null)
    })

    test("inside of an onmessage handler does not hang", async () => {
        const connection = await connected()
        const { ws, peer } = connection
        let got = ""
        ws.onmessage.subscribe(async message => {
            got += message.text()
            await ws.close(1000, "enough")
        })
        peer.pipe.push(Buffer.concat(text("a"), text("b")))
        expectText(showFrame(await peer.frame()), "close 1000 enough")
        peer.pipe.push(closing(1000))
        expectText(showEnd(await connection.finish()), 'clean 1000 ""')
        expect(ws.readyState).toBe(CLOSED)
        expectText(got, "ab")
    })

    test("while a peer breaks the protocol ends all the same", async () => {
        const connection = await connected()
        const { peer } = connection
        const task = close(connection, 1000)
        await peer.frame()
        peer.pipe.push(hex`8f00`)
        const end = await connection.finish()
        expectError(end.error, ProtocolError, "opcode")
        expect(end.wasClean).toBe(false)
        await task.result()
    })
})

describe("close before it is open", () => {
    test("gives the connection up during the handshake", async () => {
        const connection = new Connection()
        const peer = await connection.dialed()
        await peer.readRequest()
        expect(connection.ws.readyState).toBe(CONNECTING)
        await connection.ws.close()
        expect(peer.pipe.closed).toBe(true)
        expect(connection.ws.readyState).toBe(CLOSED)
        expect((await connection.ended()).code).toBe(1006)
        await expectReject(
            async () => await connection.ws.opened(),
            StreamError,
            ""
        )
    })

    test("gives the connection up that is still being dialed", async () => {
        const connection = new Connection()
        connection.network.hold()
        const task = close(connection)
        await settle()
        connection.network.release()
        await task.result()
        expect((await connection.dialed()).pipe.closed).toBe(true)
        expect((await connection.ended()).code).toBe(1006)
        expect(await connection.ws.recv()).toBe(null)
    })
})
