import { describe, expect, test } from "@devicescript/test"
import { notify, Signal, wait } from "../../src/fiber/signal"
import { StreamError } from "../../src/net/stream"
import { HandshakeError } from "../../src/protocol/response"
import { backoff, Down } from "../../src/websocket/backoff"
import {
    Reconnecting,
    reconnecting,
    ReconnectingOptions,
} from "../../src/websocket/reconnecting"
import { expectPart, expectReject, expectText } from "./check"
import { FakeConnection, FakeServer } from "./fake-connection"
import { expectFailed, Task } from "./peer"
import { settle } from "./pipe"

const SOON = 1
/** Long enough for the test to act in the pause. */
const LATER = 600000

/** What is under test, and what it tells. */
class Subject {
    readonly server = new FakeServer()
    readonly ws: Reconnecting
    /** Opened and closed, in a few characters each. */
    log = ""
    /** Messages that will not be sent. */
    drops = ""
    ends = 0
    /** What went wrong last. */
    error: string
    private readonly changed = new Signal()

    /** @param pause before the next attempt; undefined: there is none */
    constructor(pause: number, options: ReconnectingOptions = {}) {
        const self = this
        const { server } = this
        this.ws = reconnecting(
            async () => await server.open(),
            () => pause,
            {
                ...options,
                onopen: () => {
                    self.log += "open; "
                },
                onclose: down => self.closed(down),
                ondrop: ({ data, reason }) => {
                    self.drops += `${data}: ${reason}; `
                },
            }
        )
    }

    /** The next attempt leads to a connection. */
    async connected(): Promise<FakeConnection> {
        const connection = new FakeConnection()
        this.server.give(connection)
        await this.ws.opened()
        return connection
    }

    /** Waits for an end. @param number 1 for the first */
    async ended(number: number) {
        while (this.ends < number) await wait(this.changed)
    }

    private closed(down: Down) {
        const error: any = down.error
        this.ends++
        if (error) this.error = error.message
        this.log += `${down.code} ${error ? error.name : "none"} ${down.retry}; `
        notify(this.changed)
    }
}

function sending(ws: Reconnecting, data: string | Buffer): Task<void> {
    return new Task(async () => await ws.send(data))
}

async function expectMessage(ws: Reconnecting, text: string) {
    expectText((await ws.recv()).text(), text)
}

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
