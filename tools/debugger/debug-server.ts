/** The dev server's own debugger, which knows the program that was built last. */
import { once } from "node:events"
import { createConnection, type Socket } from "node:net"
import { PORTS } from "../toolchain/dev-server.ts"
import {
    Channel,
    type Event,
    type Requests,
    type Response,
} from "./protocol.ts"

export class DebugServer {
    onevent: (event: Event) => void = () => {}
    /** Resolves when the connection is gone. */
    readonly closed: Promise<unknown>
    private readonly channel: Channel
    private readonly waiting = new Map<number, (response: Response) => void>()

    static async connect(): Promise<DebugServer> {
        const socket = createConnection(PORTS.debug, "127.0.0.1")
        await once(socket, "connect")
        return new DebugServer(socket)
    }

    private constructor(private readonly socket: Socket) {
        socket.on("error", () => {})
        this.closed = once(socket, "close")
        this.channel = new Channel(socket, socket)
        this.channel.onmessage = message => {
            if (message.type === "event") this.onevent(message)
            else if (message.type === "response") {
                this.waiting.get(message.request_seq)?.(message)
                this.waiting.delete(message.request_seq)
            }
        }
    }

    /**
     * @returns the response's body
     * @throws Error with what it says, or when the connection goes
     */
    request<Name extends keyof Requests>(
        command: Name,
        args: Requests[Name][0]
    ): Promise<Requests[Name][1]> {
        return this.pass(command, args) as Promise<Requests[Name][1]>
    }

    /** Likewise, for what a client asks: the debugger knows whether it is right. */
    async pass(command: string, args: unknown): Promise<unknown> {
        const seq = this.channel.send({
            ...{ type: "request", command, arguments: args ?? {} },
        })
        const response = await Promise.race([
            new Promise<Response>(done => this.waiting.set(seq, done)),
            this.closed.then(() => undefined),
        ])
        if (!response)
            throw new Error(`the debugger is gone, ${command} was not answered`)
        // it says its stack, too
        if (!response.success)
            throw new Error(response.message?.split("\n")[0] ?? command)
        return response.body
    }

    close(): void {
        this.socket.destroy()
    }
}
