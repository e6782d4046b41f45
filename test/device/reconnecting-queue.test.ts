import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { expectReject, expectText } from "./check"
import { FakeConnection } from "./fake-connection"
import { expectFailed, Task } from "./peer"
import { settle } from "./pipe"
import {
    expectMessage,
    LATER,
    sending,
    SOON,
    Subject,
} from "./reconnecting-subject"

describe("messages for the next connection", () => {
    test("arrive there, in the order of the calls", async () => {
        const subject = new Subject(SOON)
        const { ws } = subject
        await ws.send("0")
        const first = await subject.connected()
        expectText(await first.sending(1), "0")
        first.finish()
        await subject.ended(1)
        for (const data of ["1", "2"]) await ws.send(data)
        await ws.send(hex`33`)
        expect(ws.bufferedAmount).toBe(3)
        const second = await subject.connected()
        await ws.send("4")
        expectText(await second.sending(4), "1,2,<33>,4")
        expect(ws.bufferedAmount).toBe(0)
        expectText(subject.drops, "")
    })

    test("go before those that are sent while they are on their way", async () => {
        const subject = new Subject(SOON)
        const { ws } = subject
        for (const data of ["1", "2"]) await ws.send(data)
        const connection = new FakeConnection()
        connection.hold()
        subject.server.give(connection)
        await ws.opened()
        const tasks = [sending(ws, "3"), sending(ws, "4")]
        await settle()
        connection.release()
        for (const task of tasks) await task.result()
        expectText(connection.sent.join(), "1,2,3,4")
    })

    test("outlive attempts that fail", async () => {
        const subject = new Subject(SOON)
        await subject.ws.send("a")
        subject.server.give(new StreamError("no route"))
        await subject.ended(1)
        await subject.ws.send("b")
        const first = new FakeConnection()
        first.hold()
        subject.server.give(first)
        await subject.ws.opened()
        first.finish()
        await subject.ended(2)
        const second = await subject.connected()
        expectText(await second.sending(2), "a,b")
    })

    test("come behind those that the link has torn, which are sent again whole", async () => {
        const subject = new Subject(SOON)
        const { ws } = subject
        const first = await subject.connected()
        await ws.send("done")
        first.hold()
        const tasks = [sending(ws, "torn"), sending(ws, "next")]
        await settle()
        first.finish(1006, new StreamError("cut"))
        await subject.ended(1)
        for (const task of tasks) await task.result()
        await ws.send("last")
        expect(ws.bufferedAmount).toBe(12)
        const second = await subject.connected()
        expectText(await second.sending(3), "torn,next,last")
        expectText(first.sent.join(), "done")
    })

    test("are queued even if the queue is full when the link tears them", async () => {
        const subject = new Subject(SOON, { messages: 1 })
        const first = await subject.connected()
        first.hold()
        const tasks = [sending(subject.ws, "1"), sending(subject.ws, "2")]
        await settle()
        first.finish()
        for (const task of tasks) await task.result()
        await expectReject(
            async () => await subject.ws.send("3"),
            RangeError,
            "full"
        )
        const second = await subject.connected()
        expectText(await second.sending(2), "1,2")
    })

    test("are refused when there are too many, or too long ones", async () => {
        const subject = new Subject(LATER, { messages: 2, bytes: 6 })
        const { ws } = subject
        await expectReject(
            async () => await ws.send("1234567"),
            RangeError,
            "full"
        )
        await ws.send("ä1")
        await expectReject(
            async () => await ws.send("1234"),
            RangeError,
            "full"
        )
        await ws.send("2")
        await expectReject(async () => await ws.send("3"), RangeError, "full")
        const connection = await subject.connected()
        expectText(await connection.sending(2), "ä1,2")
        expectText(subject.drops, "")
    })

    test("are 16 of 4 KB together, unless the program says otherwise", async () => {
        const subject = new Subject(LATER)
        const { ws } = subject
        for (let i = 0; i < 16; ++i) await ws.send("x")
        await expectReject(async () => await ws.send("x"), RangeError, "full")
        const other = new Subject(LATER).ws
        await other.send(Buffer.alloc(4095))
        await other.send("x")
        await expectReject(
            async () => await other.send("x"),
            RangeError,
            "full"
        )
    })

    test("let the oldest ones go, and tell which", async () => {
        const subject = new Subject(LATER, {
            messages: 3,
            bytes: 5,
            drop: "oldest",
        })
        const { ws } = subject
        for (const data of ["1", "2", "3", "4", "56"]) await ws.send(data)
        await expectReject(
            async () => await ws.send("123456"),
            RangeError,
            "full"
        )
        await settle()
        expectText(subject.drops, "1: queue full; 2: queue full; ")
        await ws.send("7890")
        await settle()
        expectText(
            subject.drops,
            "1: queue full; 2: queue full; 3: queue full; 4: queue full; 56: queue full; "
        )
        const connection = await subject.connected()
        expectText(await connection.sending(1), "7890")
    })

    test("are none that no connection could send", async () => {
        const subject = new Subject(LATER)
        for (const data of [1, undefined, null, {}] as any[])
            await expectFailed(sending(subject.ws, data), TypeError, "send")
        expect(subject.ws.bufferedAmount).toBe(0)
    })
})

describe("close", () => {
    test("while it waits ends it at once, and tells which messages are lost", async () => {
        const subject = new Subject(LATER)
        const { ws } = subject
        const connection = await subject.connected()
        connection.finish()
        await subject.ended(1)
        await ws.send("a")
        await ws.send("b")
        await ws.close()
        await subject.ended(2)
        await settle()
        expectText(
            subject.log,
            `open; 1006 none ${LATER}; 1006 none undefined; `
        )
        expectText(subject.drops, "a: closed; b: closed; ")
        expect(subject.server.attempts).toBe(1)
        expect(await ws.recv()).toBe(null)
        await expectReject(
            async () => await ws.send("c"),
            StreamError,
            "closed"
        )
    })

    test("while it dials ends it", async () => {
        const subject = new Subject(SOON)
        await subject.server.attempt(1)
        const task = new Task(async () => await subject.ws.close())
        await settle()
        expect(subject.ws.end).toBe(undefined)
        await expectReject(
            async () => await subject.ws.send("c"),
            StreamError,
            "closed"
        )
        const connection = new FakeConnection()
        subject.server.give(connection)
        await task.result()
        expectText(connection.sent.join(), "close undefined ")
        expect(subject.server.attempts).toBe(1)
    })

    test("while it is open ends it for good, behind what waits", async () => {
        const subject = new Subject(SOON)
        await subject.ws.send("a")
        const connection = new FakeConnection()
        connection.hold()
        subject.server.give(connection)
        await subject.ws.opened()
        const task = new Task(async () => await subject.ws.close(1000, "bye"))
        await settle()
        connection.release()
        await task.result()
        expectText(connection.sent.join(), "a,close 1000 bye")
        await settle()
        expectText(subject.log, "open; 1000 none undefined; ")
        expect(subject.server.attempts).toBe(1)
        await subject.ws.close()
    })

    test("with a wrong code changes nothing", async () => {
        const subject = new Subject(SOON)
        const connection = await subject.connected()
        await expectReject(
            async () => await subject.ws.close(999),
            RangeError,
            "999"
        )
        await subject.ws.send("a")
        expectText(connection.sent.join(), "a")
        connection.push("b")
        await expectMessage(subject.ws, "b")
    })

    test("ends it although messages wait that nobody takes", async () => {
        const subject = new Subject(SOON)
        const connection = await subject.connected()
        for (let i = 0; i < 9; ++i) connection.push("x")
        await settle()
        await subject.ws.close()
        expect(subject.ws.end.retry).toBe(undefined)
    })
})
