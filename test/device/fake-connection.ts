import { deadlineIn, waitUntil } from "../../src/fiber/deadline"
import { notify, Signal, wait } from "../../src/fiber/signal"
import { StreamError } from "../../src/net/stream"
import { Message } from "../../src/protocol/message"
import { Connection, End } from "../../src/websocket/connection"

/** A connection without a network or a protocol: what a feature that wraps one is tried on. */
export class FakeConnection implements Connection {
    end: End
    /** What was sent, in a few characters each. */
    readonly sent: string[] = []
    /** Messages that were read. */
    read = 0

    private readonly messages: Message[] = []
    private isHeld = false
    private readonly changed = new Signal()

    constructor(readonly protocol = "") {}

    async recv(timeout?: number): Promise<Message> {
        const deadline = deadlineIn(timeout)
        const { messages } = this
        while (!messages.length) {
            if (this.end) {
                if (this.end.error) throw this.end.error
                return null
            }
            if (!(await waitUntil(this.changed, deadline))) return undefined
        }
        const message = messages[0]
        messages.insert(0, -1)
        this.read++
        return message
    }

    async send(data: string | Buffer | Message) {
        while (this.isHeld && !this.end) await wait(this.changed)
        if (this.end) throw new StreamError("the link is gone")
        this.sent.push(
            typeof data === "string"
                ? data
                : `<${(data as Buffer).toString("hex")}>`
        )
        notify(this.changed)
    }

    async close(code?: number, reason = "") {
        if (code < 1000) throw new RangeError(`close code ${code}`)
        if (this.end) return
        this.sent.push(`close ${code} ${reason}`)
        this.finish(code)
    }

    /** A message arrives. */
    push(text: string) {
        this.messages.push(new Message(Buffer.from(text), true, text))
        notify(this.changed)
    }

    /** The connection ends. */
    finish(code = 1006, error?: Error) {
        this.end = { code, reason: "", wasClean: !error, error }
        notify(this.changed)
    }

    /** The link takes nothing, until `release`. */
    hold() {
        this.isHeld = true
    }

    release() {
        this.isHeld = false
        notify(this.changed)
    }

    /** Waits until so many messages are sent. @returns them */
    async sending(count: number): Promise<string> {
        while (this.sent.length < count && !this.end) await wait(this.changed)
        return this.sent.join()
    }
}

/** Makes connections, or fails to, as the test says. */
export class FakeServer {
    /** Attempts so far. */
    attempts = 0
    private readonly outcomes: any[] = []
    private readonly changed = new Signal()

    /** The outcome of the next attempt: a connection, or an error. */
    give(outcome: FakeConnection | Error) {
        this.outcomes.push(outcome)
        notify(this.changed)
    }

    async open(): Promise<Connection> {
        this.attempts++
        notify(this.changed)
        while (!this.outcomes.length) await wait(this.changed)
        const outcome = this.outcomes[0]
        this.outcomes.insert(0, -1)
        if (outcome instanceof Error) throw outcome
        return outcome
    }

    /** Waits for an attempt. */
    async attempt(number: number) {
        while (this.attempts < number) await wait(this.changed)
    }
}
