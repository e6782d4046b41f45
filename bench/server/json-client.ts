import { once } from "node:events"
import { WebSocket } from "ws"
import type { ClientOptions } from "./client.ts"
import { jsonOf } from "./json.ts"

/** What such a client does. */
export interface JsonClientOptions extends Omit<ClientOptions, "exchange"> {
    /** Bytes of a message */
    size: number
}

/** Keeps JSON on the way with the client of `ws`, which offers compression as browsers do, and checks the replies. */
export class JsonClient {
    readonly #ws: WebSocket
    readonly #depth: number
    readonly #text: string
    readonly #sentAt: number[] = []

    constructor(ws: WebSocket, { size, depth, onReply }: JsonClientOptions) {
        this.#ws = ws
        this.#depth = depth
        this.#text = jsonOf(size)
        const expected = Buffer.from([...this.#text].reverse().join(""))
        ws.on("message", (data: Buffer) => {
            if (!data.equals(expected)) throw new Error("a wrong reply")
            onReply(performance.now() - this.#sentAt.shift()!)
            this.#send()
        })
    }

    static async open(options: JsonClientOptions): Promise<JsonClient> {
        const { port, path } = options
        const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
            perMessageDeflate: { threshold: 0 },
        })
        await once(ws, "open")
        return new JsonClient(ws, options)
    }

    /** Sends the first messages. */
    start(): void {
        for (let i = 0; i < this.#depth; ++i) this.#send()
    }

    #send(): void {
        this.#sentAt.push(performance.now())
        this.#ws.send(this.#text)
    }
}
