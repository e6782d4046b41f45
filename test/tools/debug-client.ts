/** A client of the Debug Adapter Protocol, as an editor has one. */
import { spawn } from "node:child_process"
import { EventEmitter, once as nodeOnce } from "node:events"
import { readFileSync } from "node:fs"
import { createConnection } from "node:net"
import { resolve } from "node:path"
import type { Readable, Writable } from "node:stream"
import type { DebugProtocol } from "@vscode/debugprotocol"
import type { Start } from "../../tools/debugger/adapter.ts"
import {
    Channel,
    type Event,
    type Message,
    type Response,
} from "../../tools/debugger/protocol.ts"
import { once } from "../wire/wait.ts"

/** What comes with a response or an event: each has its own, which the protocol does not tie to its name. */
type Body = DebugProtocol.Response["body"]

/** Of `launch` and `attach`. */
interface StartArguments extends Partial<Omit<Start, "request">> {
    request?: string
}

/** A breakpoint by what is in its line, so that it stays where it belongs. */
export function lineOf(file: string, text: string): number {
    const lines = readFileSync(file, "utf8").split("\n")
    const index = lines.findIndex(line => line.includes(text))
    if (index < 0) throw new Error(`expected ${text} in ${file}`)
    return index + 1
}

export class DebugClient {
    /** What the debug console shows. */
    output = ""
    private readonly channel: Channel
    private readonly messages: Message[] = []
    private readonly heard = new EventEmitter()
    private readonly gone: Promise<unknown>

    /** Starts a debug adapter of its own; `ended` is waited for without end. */
    static adapter(command = ["tools/main.mjs", "debug"], cwd = ".") {
        const child = spawn(process.execPath, command, {
            cwd,
            stdio: ["pipe", "pipe", "inherit"],
        })
        const ended = nodeOnce(child, "close") as Promise<[number | null]>
        const client = new DebugClient(child.stdout, child.stdin, ended)
        return { client, ended }
    }

    /** Connects to one that runs. */
    static async connect(port: number) {
        const socket = createConnection(port, "127.0.0.1")
        await once(socket, "connect")
        return new DebugClient(socket, socket, nodeOnce(socket, "close"))
    }

    private constructor(
        input: Readable,
        private readonly out: Writable,
        gone: Promise<unknown>
    ) {
        this.gone = gone
        this.channel = new Channel(input, out)
        this.channel.onmessage = message => {
            this.messages.push(message)
            if (message.type === "event" && message.event === "output")
                this.output += message.body!.output
            this.heard.emit("more")
        }
        void gone.then(() => this.heard.emit("more"))
    }

    private async find<M extends Message>(
        what: string,
        wanted: (message: Message) => message is M
    ): Promise<M> {
        let isGone = false
        void this.gone.then(() => (isGone = true))
        for (;;) {
            const index = this.messages.findIndex(wanted)
            if (index >= 0) return this.messages.splice(index, 1)[0] as M
            if (isGone)
                throw new Error(`expected ${what}, the adapter has ended`)
            await once(this.heard, "more")
        }
    }

    /** @returns the next event of that name that has not been taken */
    async event(name: string): Promise<Body> {
        const { body } = await this.find(
            `event ${name}`,
            (message): message is Event =>
                message.type === "event" && message.event === name
        )
        return body ?? {}
    }

    /** Waits until the debug console shows something. @returns what it has shown so far */
    async shows(pattern: RegExp): Promise<string> {
        while (!pattern.test(this.output)) await this.event("output")
        return this.output
    }

    async respond(command: string, args: object = {}): Promise<Response> {
        const seq = this.channel.send({
            ...{ type: "request", command, arguments: args },
        })
        return this.find(
            `response to ${command}`,
            (message): message is Response =>
                message.type === "response" && message.request_seq === seq
        )
    }

    /** @throws Error when it fails */
    async ask(command: string, args: object = {}): Promise<Body> {
        const { success, message, body } = await this.respond(command, args)
        if (!success) throw new Error(message)
        return body ?? {}
    }

    /** Launches as an editor does. */
    async launch(args: StartArguments, ...breakpoints: [string, number[]][]) {
        await this.ask("initialize", { adapterID: "devicescript" })
        const launched = this.ask(args.request ?? "launch", args)
        // until it has failed, the response comes behind the configuration, or before
        const never = launched.then(() => new Promise<never>(() => {}))
        await Promise.race([this.event("initialized"), never])
        for (const [file, lines] of breakpoints) await this.stopAt(file, lines)
        await this.ask("setExceptionBreakpoints", { filters: ["unhandled"] })
        await this.ask("configurationDone")
        await launched
    }

    stopAt(file: string, lines: number[]) {
        return this.setBreakpoints(
            file,
            lines.map(line => ({ line }))
        )
    }

    async setBreakpoints(
        file: string,
        wanted: DebugProtocol.SourceBreakpoint[]
    ) {
        const { breakpoints } = await this.ask("setBreakpoints", {
            source: { path: resolve(file) },
            breakpoints: wanted,
        })
        return breakpoints as {
            verified: boolean
            line?: number
            message?: string
        }[]
    }

    /** The frames of the thread that has stopped. */
    async stack(threadId: number) {
        const { stackFrames } = await this.ask("stackTrace", { threadId })
        return stackFrames as {
            id: number
            name: string
            line: number
            source: { name: string; path: string }
        }[]
    }

    /** Hangs up without a word. */
    abandon() {
        this.out.destroy()
    }
}
