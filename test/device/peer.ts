import { FIN, OP_CLOSE } from "../../src/protocol/codes"
import { Message } from "../../src/protocol/message"
import { notify, Signal, wait } from "../../src/fiber/signal"
import { Connection, End } from "../../src/websocket/connection"
import { expectReject, breathe } from "./check"
import { acceptance } from "./frames"
import { Pipe } from "./pipe"

/** A frame that the WebSocket sent, unmasked. */
export interface Frame {
    /** First byte of the header. */
    head: number
    payload: Buffer
    key: Buffer
}

/** A server at the other end of a pipe. */
export class Peer {
    /** The upgrade request. */
    request: string

    constructor(readonly pipe: Pipe) {}

    /** Waits for the upgrade request. */
    async readRequest(): Promise<string> {
        const { pipe } = this
        let request = ""
        // one line at a time: what is behind the request is left for `frame`
        while (request.slice(-4) !== "\r\n\r\n") {
            const line = await pipe.takeLine()
            if (!line) break
            request += line.toString()
        }
        this.request = request
        return request
    }

    /** Waits for the upgrade request and accepts it. @param headers further lines of the reply, each with its line end */
    async accept(headers = "") {
        const request = await this.readRequest()
        this.say(acceptance(request, headers))
    }

    /** Sends text as it is. */
    say(text: string) {
        this.pipe.push(Buffer.from(text))
    }

    /** The next frame of the WebSocket, RFC 6455, 5.2, waiting for it. @returns `null` when the connection is given up before */
    async frame(): Promise<Frame> {
        const { pipe } = this
        const start = await pipe.take(2)
        if (!start) return null
        if (!(start[1] & 0x80)) throw new Error("expected a masked frame")
        const length = await this.length(start[1] & 0x7f)
        const key = await pipe.take(4)
        const payload = Buffer.alloc(length)
        for (let at = 0; at < length;) {
            const piece = await pipe.take(Math.min(length - at, 512))
            if (!piece) return null
            for (let i = 0; i < piece.length; ++i)
                payload[at + i] = piece[i] ^ key[(at + i) & 3]
            at += piece.length
            await breathe()
        }
        return { head: start[0], payload, key }
    }

    private async length(short: number): Promise<number> {
        if (short < 126) return short
        const bytes = await this.pipe.take(short === 126 ? 2 : 8)
        let length = 0
        for (let i = 0; i < bytes.length; ++i) length = length * 256 + bytes[i]
        if (length < (short === 126 ? 126 : 0x10000))
            throw new Error(`expected the shortest form of length ${length}`)
        return length
    }
}

/** Something that goes on while the test does something else. */
export class Task<T> {
    isDone = false

    private value: T
    private error: any
    private readonly changed = new Signal()

    constructor(private readonly body: () => Promise<T>) {
        this.run.start()
    }

    /** Waits for the end. @throws what the task threw */
    async result(): Promise<T> {
        while (!this.isDone) await wait(this.changed)
        if (this.error) throw this.error
        return this.value
    }

    private async run() {
        try {
            this.value = await this.body()
        } catch (e: any) {
            this.error = e
        }
        this.isDone = true
        notify(this.changed)
    }
}

/** The task ends with an error. */
export async function expectFailed(task: Task<any>, type: any, part: string) {
    await expectReject(async () => await task.result(), type, part)
}

/** Sends a message in the background. */
export function sending(ws: Connection, data: string | Buffer): Task<void> {
    return new Task(async () => await ws.send(data))
}

/** What there is to know of a received message, in a few characters. */
export function show(message: Message): string {
    if (!message) return `${message}`
    return message.isText
        ? `text "${message.data.toString()}"`
        : `binary ${message.data.toString("hex")}`
}

/** What there is to know of an end, in a few characters. */
export function showEnd(end: End): string {
    const error: any = end.error
    return (
        `${end.wasClean ? "clean" : "torn"} ${end.code} "${end.reason}"` +
        (error ? ` ${error.name}` : "")
    )
}

/** What there is to know of a frame, in a few characters. */
export function showFrame(frame: Frame): string {
    if (!frame) return `${frame}`
    const { head, payload } = frame
    if (head === (FIN | OP_CLOSE))
        return payload.length < 2
            ? `close${payload.toString("hex")}`
            : `close ${(payload[0] << 8) | payload[1]} ${payload.slice(2).toString()}`
    return `${Buffer.from([head]).toString("hex")} ${payload.toString()}`
}
