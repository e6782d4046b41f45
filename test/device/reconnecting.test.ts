import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { HandshakeError } from "../../src/protocol/response"
import { backoff } from "../../src/websocket/backoff"
import { reconnecting } from "../../src/websocket/reconnecting"
import { expectPart, expectReject, expectText } from "./check"
import { FakeConnection, FakeServer } from "./fake-connection"
import { expectFailed, Task } from "./peer"
import { settle } from "./pipe"
import { expectMessage, SOON, Subject } from "./reconnecting-subject"

describe("reconnecting", () => {
    test("connects again and again", async () => {
        const subject = new Subject(SOON)
        for (let i = 0; i < 3; ++i) {
            const connection = await subject.connected()
            connection.finish(
                i ? 1001 : 1006,
                i ? undefined : new StreamError("cut")
            )
            await subject.ended(i + 1)
        }
        expectText(
            subject.log,
            "open; 1006 StreamError 1; open; 1001 none 1; open; 1001 none 1; "
        )
        expect(subject.ws.end).toBe(undefined)
    })

    test("goes on when there is no connection to be had", async () => {
        const subject = new Subject(SOON)
        for (const why of ["1", "2"]) subject.server.give(new StreamError(why))
        const connection = await subject.connected()
        await settle()
        expectText(
            subject.log,
            "1006 StreamError 1; 1006 StreamError 1; open; "
        )
        connection.finish()
        await subject.ended(3)
    })

    test("ends when it is told that there is no further attempt", async () => {
        const subject = new Subject(undefined)
        subject.server.give(new HandshakeError(401, "no"))
        await subject.ended(1)
        const { ws } = subject
        expectText(subject.log, "1006 HandshakeError undefined; ")
        expect(ws.end.code).toBe(1006)
        for (let i = 0; i < 2; ++i) {
            await expectReject(
                async () => await ws.recv(),
                HandshakeError,
                "401"
            )
            await expectReject(
                async () => await ws.send("a"),
                HandshakeError,
                "401"
            )
            await expectReject(
                async () => await ws.opened(),
                HandshakeError,
                "401"
            )
        }
        await ws.close()
        expect(subject.server.attempts).toBe(1)
    })

    test("ends without an error when the connection did", async () => {
        const subject = new Subject(undefined)
        const connection = await subject.connected()
        connection.push("a")
        connection.finish(1000)
        await subject.ended(1)
        await expectMessage(subject.ws, "a")
        expect(await subject.ws.recv()).toBe(null)
        await expectReject(
            async () => await subject.ws.send("b"),
            StreamError,
            "closed"
        )
    })

    test("tells for how long a connection was open, and gives that to the policy", async () => {
        const server = new FakeServer()
        const lasted: number[] = []
        const ws = reconnecting(
            async () => await server.open(),
            down => {
                lasted.push(down.lasted)
                return SOON
            }
        )
        server.give(new StreamError("no"))
        const connection = new FakeConnection()
        server.give(connection)
        await ws.opened()
        await settle()
        connection.finish()
        await server.attempt(3)
        expect(lasted[0]).toBe(0)
        expect(lasted[1] >= 5).toBe(true)
    })

    test("has the subprotocol of the last connection", async () => {
        const subject = new Subject(SOON)
        expectText(subject.ws.protocol, "")
        const connection = new FakeConnection("a")
        subject.server.give(connection)
        await subject.ws.opened()
        expectText(subject.ws.protocol, "a")
        connection.finish()
        await subject.ended(1)
        expectText(subject.ws.protocol, "a")
        subject.server.give(new FakeConnection("b"))
        await subject.ws.opened()
        expectText(subject.ws.protocol, "b")
    })
})

describe("messages that arrive", () => {
    test("are those of one connection after the other", async () => {
        const subject = new Subject(SOON)
        const task = new Task(async () => await subject.ws.recv())
        const first = await subject.connected()
        first.finish()
        await subject.ended(1)
        const second = await subject.connected()
        second.push("a")
        expectText((await task.result()).text(), "a")
        second.push("b")
        await settle()
        second.finish()
        await subject.ended(2)
        const third = await subject.connected()
        third.push("c")
        third.push("d")
        for (const text of ["b", "c", "d"])
            await expectMessage(subject.ws, text)
        expect(await subject.ws.recv(1)).toBe(undefined)
    })

    test("are read ahead, but not many of them", async () => {
        const subject = new Subject(SOON)
        const connection = await subject.connected()
        for (const text of ["a", "b", "c", "d"]) connection.push(text)
        await settle()
        expect(connection.read).toBe(2)
        await expectMessage(subject.ws, "a")
        await settle()
        expect(connection.read).toBe(3)
        for (const text of ["b", "c", "d"])
            await expectMessage(subject.ws, text)
        await settle()
        expect(connection.read).toBe(4)
    })

    test("hold nothing up when nobody takes them and the link breaks", async () => {
        const subject = new Subject(SOON)
        for (let i = 0; i < 20; ++i) {
            const connection = await subject.connected()
            for (const text of ["a", "b", "c", "d"]) connection.push(text)
            await settle()
            connection.finish(1006, new StreamError("cut"))
            await subject.ws.send(`${i}`)
            await subject.ended(i + 1)
        }
        const last = await subject.connected()
        expectText(await last.sending(1), "19")
        // no more than one connection's, whatever came
        let count = 0
        while (await subject.ws.recv(1)) count++
        expect(count).toBe(2)
        expectPart(subject.error, "not read")
    })
})

describe("with backoff", () => {
    test("a refusal is the end, a broken link is not", async () => {
        const server = new FakeServer()
        const ws = reconnecting(
            async () => await server.open(),
            backoff({ initial: 2, max: 2 })
        )
        server.give(new StreamError("no"))
        server.give(new HandshakeError(503, "later"))
        server.give(new HandshakeError(403, "never"))
        await expectFailed(
            new Task(async () => await ws.opened()),
            HandshakeError,
            "403"
        )
        expect(server.attempts).toBe(3)
    })
})
