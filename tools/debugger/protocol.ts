/** The Debug Adapter Protocol as far as it is the same for every message: JSON behind a header with its length. */
import type { Readable, Writable } from "node:stream"
import type { DebugProtocol } from "@vscode/debugprotocol"

export type Request = DebugProtocol.Request & { type: "request" }
export type Response = DebugProtocol.Response & { type: "response" }
export type Event = DebugProtocol.Event & { type: "event" }
export type Message = Request | Response | Event

/** The requests that are made here, with what they take and what comes back. */
export interface Requests {
    initialize: [
        DebugProtocol.InitializeRequestArguments,
        DebugProtocol.Capabilities,
    ]
    launch: [DebugProtocol.LaunchRequestArguments & StartArguments, undefined]
    attach: [DebugProtocol.AttachRequestArguments & StartArguments, undefined]
    pause: [undefined, undefined]
    continue: [undefined, DebugProtocol.ContinueResponse["body"]]
    scopes: [
        DebugProtocol.ScopesArguments,
        DebugProtocol.ScopesResponse["body"],
    ]
    setBreakpoints: [
        DebugProtocol.SetBreakpointsArguments,
        DebugProtocol.SetBreakpointsResponse["body"],
    ]
    stackTrace: [
        DebugProtocol.StackTraceArguments,
        DebugProtocol.StackTraceResponse["body"],
    ]
    threads: [undefined, DebugProtocol.ThreadsResponse["body"]]
    variables: [
        DebugProtocol.VariablesArguments,
        DebugProtocol.VariablesResponse["body"],
    ]
}

/** What the dev server's debugger wants to know beyond the protocol. */
interface StartArguments {
    deviceId: string
    stopOnEntry: boolean
}

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
