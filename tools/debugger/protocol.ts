/** The Debug Adapter Protocol as far as it is the same for every message: JSON behind a header with its length. */
import type { Readable, Writable } from "node:stream"

export interface Request {
    seq: number
    type: "request"
    command: string
    arguments?: Arguments
}

/** Of a request; each command has its own. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the protocol's own types would be a dependency
export type Arguments = Record<string, any>

export interface Response {
    seq: number
    type: "response"
    request_seq: number
    success: boolean
    command: string
    message?: string
    body?: Arguments
}

export interface Event {
    seq: number
    type: "event"
    event: string
    body?: Arguments
}

export type Message = Request | Response | Event
type Unnumbered<M> = M extends Message ? Omit<M, "seq"> : never

/** One side of a conversation. */
export class Channel {
    onmessage: (message: Message) => void = () => {}
    private sequence = 0
    private rest: Buffer = Buffer.alloc(0)

    constructor(
        input: Readable,
        private readonly output: Writable
    ) {
        input.on("data", data => this.receive(data))
        // the end of the input says the same
        output.on("error", () => {})
    }

    private receive(data: Buffer) {
        this.rest = Buffer.concat([this.rest, data])
        for (;;) {
            const end = this.rest.indexOf("\r\n\r\n")
            if (end < 0) return
            const header = this.rest.subarray(0, end).toString()
            const length = /^content-length: *(\d+)$/im.exec(header)?.[1]
            if (length === undefined)
                throw new Error(
                    `expected a header Content-Length, got ${JSON.stringify(header)}`
                )
            const start = end + 4
            const size = Number(length)
            if (this.rest.length < start + size) return
            const text = this.rest.subarray(start, start + size).toString()
            this.rest = this.rest.subarray(start + size)
            this.onmessage(JSON.parse(text))
        }
    }

    /** @returns the message's number */
    send(message: Unnumbered<Message>): number {
        const seq = ++this.sequence
        const text = JSON.stringify({ seq, ...message })
        this.output.write(
            `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
        )
        return seq
    }
}
