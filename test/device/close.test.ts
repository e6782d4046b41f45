import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { ProtocolError } from "../../src/protocol/codes"
import { listen } from "../../src/websocket/listen"
import { expectError, expectReject, expectText } from "./check"
import { Client, connected, reading } from "./client"
import { binary, closing, frame, ping, text } from "./frames"
import { expectFailed, showEnd, showFrame, Task } from "./peer"
import { settle } from "./pipe"

/** RFC 6455, 7.4.1 and 7.4.2, and the codes registered with the IANA since. */
const VALID = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    3000, 3999, 4000, 4999,
]
const INVALID = [
    40, 968, 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000,
    65535,
]

function close(client: Client, code?: number, reason?: string): Task<void> {
    return new Task(async () => await client.ws.close(code, reason))
}

/** A text of so many bytes. */
function long(bytes: number): string {
    let reason = bytes % 2 ? "a" : ""
    while (reason.byteLength < bytes) reason += "ä"
    return reason
}

/** How the connection ends after the peer has sent this. @returns the client's Close frame, and its end */
async function closedBy(bytes: Buffer): Promise<string> {
    const client = await reading()
    client.peer.pipe.push(bytes)
    const reply = showFrame(await client.peer.frame())
    const end = await client.finish()
    expect(client.peer.pipe.available()).toBe(0)
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
            expectText(
                await closedBy(closing(code)),
                'close 1002 close code; torn 1002 "close code" ProtocolError'
            )
        }
    })

    test("with half a code: 1002", async () => {
        expectText(
            await closedBy(frame(0x88, hex`03`)),
            'close 1002 close code; torn 1002 "close code" ProtocolError'
        )
    })

    test("and what it sends afterwards is ignored", async () => {
        const late = Buffer.concat(text("late"), ping("x"), hex`ffff`)
        const close = closing(1001)
        const client = await connected()
        const { ws, peer } = client
        peer.pipe.push(Buffer.concat(text("a"), close, late))
        peer.pipe.push(late)
        expectText((await ws.recv()).text(), "a")
        client.read()
        expectText(showFrame(await peer.frame()), "close 1001 ")
        expectText(showEnd(await client.finish()), 'clean 1001 ""')
        expect(peer.pipe.available()).toBe(0)
        expect(await ws.recv()).toBe(null)
    })

    // RFC 6455, 7.1.1: the server ends the TCP connection first
    test("and has to end the connection, or the client does", async () => {
        const client = await reading({ closeTimeout: 300 })
        const { peer } = client
        peer.pipe.push(closing(1000))
        await peer.frame()
        await settle()
        expect(peer.pipe.closed).toBe(false)
        expectText(showEnd(await client.ended()), 'clean 1000 ""')
        expect(peer.pipe.closed).toBe(true)
    })

    test("and can't go on talking for ever", async () => {
        for (const last of [closing(1000), text(hex`ff`)]) {
            const client = await reading({ closeTimeout: 20 })
            const { pipe } = client.peer
            pipe.push(last)
            pipe.talkOn(text("a"), 1000)
            await client.ended()
            expect(pipe.closed).toBe(true)
            expect(pipe.chatters > 0).toBe(true)
        }
    })

    test("and queued messages are not sent any more", async () => {
        const client = await reading()
        const { ws, peer } = client
        peer.pipe.allow(0)
        const tasks = ["a", "b"].map(
            data => new Task(async () => await ws.send(data))
        )
        await settle()
        peer.pipe.push(closing(1000))
        await settle()
        peer.pipe.allow(undefined)
        expectText(showFrame(await peer.frame()), "81 a")
        expectText(showFrame(await peer.frame()), "close 1000 ")
        await client.finish()
        await expectFailed(tasks[1], StreamError, "closed")
    })

    test("not at all but ends the connection: 1006", async () => {
        const client = await connected()
        client.peer.pipe.push(text("a"))
        expectText(showEnd(await client.finish()), 'torn 1006 ""')
    })

    test("not at all but the link breaks: 1006 with the error", async () => {
        const client = await connected()
        client.peer.pipe.fail("reset")
        const end = await client.ended()
        expectText(showEnd(end), 'torn 1006 "" StreamError')
        expectError(end.error, StreamError, "reset")
        for (let i = 0; i < 2; ++i)
            await expectReject(
                async () => await client.ws.recv(),
                StreamError,
                "reset"
            )
    })
})

// RFC 6455, 7.1.2
describe("close", () => {
    test("sends a code and a reason, and waits for the peer's", async () => {
        for (const code of VALID) {
            const client = await connected()
            const { peer } = client
            const task = close(client, code, "byé")
            expectText(showFrame(await peer.frame()), `close ${code} byé`)
            peer.pipe.push(closing(3001, "ok"))
            await peer.pipe.consumed()
            await settle()
            expect(task.isDone).toBe(false)
            expectText(showEnd(await client.finish()), 'clean 3001 "ok"')
            await task.result()
            expect(peer.pipe.available()).toBe(0)
        }
    })

    test("may be without a code, or with a reason only", async () => {
        const expected = ["close", "close 1000 x", "close 1000 " + long(123)]
        const reasons = [undefined, "x", long(123)]
        for (let i = 0; i < reasons.length; ++i) {
            const client = await connected()
            const task = close(client, undefined, reasons[i])
            expectText(showFrame(await client.peer.frame()), expected[i])
            await client.finish()
            await task.result()
        }
    })

    test("refuses codes that may not be sent, and long reasons", async () => {
        const client = await connected()
        const refused = INVALID.map(code => close(client, code))
        refused.push(close(client, 1000, long(124)))
        refused.push(close(client, undefined, long(130)))
        for (const task of refused)
            await expectFailed(task, RangeError, "close")
        expect(client.ws.end).toBe(undefined)
        expect(client.peer.pipe.available()).toBe(0)
        await client.finish()
    })

    test("gives a silent peer up after closeTimeout: 1006", async () => {
        for (const writes of [0, undefined]) {
            const client = await connected({ closeTimeout: 20 })
            const { ws, peer } = client
            peer.pipe.allow(writes)
            await ws.close(1000)
            expect(peer.pipe.closed).toBe(true)
            const end = await client.ended()
            expect(end.code).toBe(1006)
            expect(end.wasClean).toBe(false)
        }
    })

    test("crosses the peer's: both are clean", async () => {
        const client = await connected()
        const { peer } = client
        peer.pipe.allow(0)
        const task = close(client, 1000)
        await settle()
        peer.pipe.push(closing(1001, "too"))
        await settle()
        peer.pipe.allow(undefined)
        expectText(showFrame(await peer.frame()), "close 1000 ")
        expectText(showEnd(await client.finish()), 'clean 1001 "too"')
        await task.result()
        expect(peer.pipe.available()).toBe(0)
    })

    test("may be called again, by others and afterwards", async () => {
        const client = await connected()
        const tasks = [close(client, 1000), close(client, 1001)]
        const { peer } = client
        expectText(showFrame(await peer.frame()), "close 1000 ")
        await client.finish()
        for (const task of tasks) await task.result()
        await client.ws.close()
        expect(peer.pipe.available()).toBe(0)
    })

    test("throws away what still comes, when nobody reads", async () => {
        const client = await connected()
        const { ws, peer } = client
        peer.pipe.push(text("before"))
        const task = close(client)
        await peer.frame()
        peer.pipe.push(Buffer.concat(text("after"), binary(hex`00`)))
        peer.pipe.push(closing())
        peer.pipe.end()
        await task.result()
        expect(await ws.recv()).toBe(null)
    })

    test("leaves what still comes to whoever reads", async () => {
        const client = await connected()
        let got = ""
        client.read(message => {
            got += message.text()
        })
        const task = close(client)
        await client.peer.frame()
        client.peer.pipe.push(Buffer.concat(text("a"), text("b"), closing()))
        await client.finish()
        await task.result()
        expectText(got, "ab")
    })

    test("inside of a handler does not hang", async () => {
        const client = await connected()
        const { ws, peer } = client
        let got = ""
        listen(ws, {
            message: async message => {
                got += message.text()
                await ws.close(1000, "enough")
            },
            end: end => {
                got += showEnd(end)
            },
        })
        peer.pipe.push(Buffer.concat(text("a"), text("b")))
        expectText(showFrame(await peer.frame()), "close 1000 enough")
        peer.pipe.push(closing(1000))
        await client.finish()
        await settle()
        expectText(got, 'aclean 1000 ""')
    })

    test("while a peer breaks the protocol ends all the same", async () => {
        const client = await connected()
        const { peer } = client
        const task = close(client, 1000)
        await peer.frame()
        peer.pipe.push(hex`8f00`)
        const end = await client.finish()
        expectError(end.error, ProtocolError, "opcode")
        expect(end.wasClean).toBe(false)
        await task.result()
    })
})
