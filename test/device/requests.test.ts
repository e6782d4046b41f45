import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { Message } from "../../src/protocol/message"
import { json } from "../../src/websocket/json"
import { Request, requests } from "../../src/websocket/requests"
import { expectReject, expectText } from "./check"
import { FakeConnection } from "./fake-connection"
import { expectFailed, Task } from "./peer"
import { settle } from "./pipe"

/** Tells what no request waits for. */
class Subject {
    readonly connection = new FakeConnection()
    readonly request: Request
    others = ""

    constructor() {
        const self = this
        this.request = requests(
            this.connection,
            message => (json(message) || {}).id,
            message => {
                self.others += `${message.text()}; `
            }
        )
    }

    asking(id: string | number, timeout?: number): Task<Message> {
        const { request } = this
        return new Task(async () => await request(id, `ask ${id}`, timeout))
    }
}

async function expectReply(task: Task<Message>, id: any, value: string) {
    const reply = json(await task.result())
    expect(reply.id).toBe(id)
    expectText(reply.value, value)
}

function reply(id: any, value: string): string {
    return JSON.stringify({ id, value })
}

describe("a request", () => {
    test("gets the reply with its id, whatever the order", async () => {
        const subject = new Subject()
        const { connection } = subject
        const tasks = [
            subject.asking(1),
            subject.asking("b"),
            subject.asking(3),
        ]
        expectText(await connection.sending(3), "ask 1,ask b,ask 3")
        connection.push(reply("b", "two"))
        connection.push(reply(3, "three"))
        connection.push(reply(1, "one"))
        await expectReply(tasks[0], 1, "one")
        await expectReply(tasks[1], "b", "two")
        await expectReply(tasks[2], 3, "three")
        expectText(subject.others, "")
    })

    test("does not take the reply to one before that came too late", async () => {
        const subject = new Subject()
        expect(await subject.asking(1, 2).result()).toBe(undefined)
        const task = subject.asking(2, 10000)
        await subject.connection.sending(2)
        subject.connection.push(reply(1, "late"))
        subject.connection.push(reply(2, "right"))
        await expectReply(task, 2, "right")
        expectText(subject.others, `${reply(1, "late")}; `)
    })

    test("leaves other messages to the program", async () => {
        const subject = new Subject()
        const task = subject.asking(0)
        await subject.connection.sending(1)
        for (const text of [
            "no JSON",
            "7",
            "null",
            "{}",
            '{"id":"0"}',
            reply(0, "x"),
        ])
            subject.connection.push(text)
        await expectReply(task, 0, "x")
        expectText(subject.others, 'no JSON; 7; null; {}; {"id":"0"}; ')
    })

    test("has an id of its own", async () => {
        const subject = new Subject()
        const task = subject.asking(1)
        await subject.connection.sending(1)
        await expectFailed(subject.asking(1), RangeError, "id 1")
        subject.connection.push(reply(1, "x"))
        await expectReply(task, 1, "x")
        const again = subject.asking(1)
        await subject.connection.sending(2)
        subject.connection.push(reply(1, "y"))
        await expectReply(again, 1, "y")
    })

    test("ends with the connection", async () => {
        const subject = new Subject()
        const tasks = [subject.asking(1), subject.asking(2, 10000)]
        await subject.connection.sending(2)
        subject.connection.finish(1006, new StreamError("cut"))
        for (const task of tasks) expect(await task.result()).toBe(null)
        await expectFailed(subject.asking(3), StreamError, "gone")
        await settle()
    })

    test("that cannot be sent leaves nothing behind", async () => {
        const subject = new Subject()
        subject.connection.hold()
        const task = subject.asking(1)
        await settle()
        subject.connection.finish()
        await expectFailed(task, StreamError, "gone")
        await expectReject(
            async () => await subject.request(1, "x"),
            StreamError,
            "gone"
        )
    })
})

describe("json", () => {
    test("is what a text says, or undefined", () => {
        const of = (text: string) =>
            json(new Message(Buffer.from(text), true, text))
        expect(of("[1, 2]")[1]).toBe(2)
        expect(of("null")).toBe(null)
        for (const text of ["", "{", "undefined", "x"])
            expect(of(text)).toBe(undefined)
        expect(json(new Message(hex`31`, false, undefined))).toBe(undefined)
    })
})
