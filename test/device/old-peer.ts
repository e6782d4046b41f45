import { FIN, OP_CLOSE } from "../../src/protocol/codes"
import { Message } from "../../src/protocol/message"
import { Signal } from "../../src/fiber/signal"
import {
    CloseEvent,
    WebSocket,
    WebSocketOptions,
} from "../../src/websocket/websocket"
import { expectReject, breathe } from "./check"
import { acceptance } from "./frames"
import { Network, Pipe } from "./pipe"

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
        while (!this.isDone) await this.changed.wait()
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
        this.changed.notify()
    }
}

/** The task ends with an error. */
export async function expectFailed(task: Task<any>, type: any, part: string) {
    await expectReject(async () => await task.result(), type, part)
}

/** Sends a message in the background. */
export function sending(ws: WebSocket, data: string | Buffer): Task<void> {
    return new Task(async () => await ws.send(data))
}

/** A WebSocket, its peer, and what happened to it. */
export class Connection {
    readonly network = new Network()
    readonly ws: WebSocket
    peer: Peer
    /** Every end of a connection so far. */
    readonly ends: CloseEvent[] = []

    private readonly changed = new Signal()

    constructor(options: WebSocketOptions = {}, url = "ws://peer/") {
        const self = this
        this.ws = new WebSocket(this.network.dial, url, options)
        this.ws.onclose.subscribe(end => {
            self.ends.push(end)
            self.changed.notify()
        })
    }

    /** The peer of the next connection. */
    async dialed(): Promise<Peer> {
        this.peer = new Peer(await this.network.next())
        return this.peer
    }

    /** Has the peer accept the next connection. */
    async accepted(headers?: string): Promise<Peer> {
        const peer = await this.dialed()
        await peer.accept(headers)
        await this.ws.opened()
        return peer
    }

    /** Waits for an end. @param number 1 for the first */
    async ended(number = 1): Promise<CloseEvent> {
        while (this.ends.length < number) await this.changed.wait()
        return this.ends[number - 1]
    }

    /** The peer ends the connection; waits until the WebSocket has noticed. */
    async finish(): Promise<CloseEvent> {
        this.peer.pipe.end()
        return await this.ended(this.ends.length + 1)
    }
}

/** An open WebSocket. */
export async function connected(
    options?: WebSocketOptions
): Promise<Connection> {
    await breathe()
    const connection = new Connection(options)
    await connection.accepted()
    return connection
}

/** What there is to know of a received message, in a few characters. */
export function show(message: Message): string {
    if (!message) return `${message}`
    return message.isText
        ? `text "${message.data.toString()}"`
        : `binary ${message.data.toString("hex")}`
}

/** What there is to know of an end, in a few characters. */
export function showEnd(end: CloseEvent): string {
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
