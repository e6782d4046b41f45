import { setTimeout as sleep } from "node:timers/promises"
import {
    connect,
    type NatsConnection,
    type NodeConnectionOptions,
} from "@nats-io/transport-node"
import { connectionOptions } from "./nats-url.ts"

/** Milliseconds between two attempts at what NATS refused. */
export const RETRY = 1000

/** Milliseconds that a server that ends waits for what has not left. */
export const FLUSH = 2000

interface LinkOptions {
    url: string
    /** For this connection, beside what a `--bus` asks for */
    options?: NodeConnectionOptions
    /** Uses a connection. Resolves, or throws why, when it has ended */
    use(nats: NatsConnection): Promise<void>
    /** There is no connection any more */
    lost(): void
    /** Told when the connection comes and goes, and what NATS refuses; nothing twice in a row */
    report(text: string): void
}

/** A connection to NATS that is made again whenever it has ended. */
export class NatsLink {
    readonly #options: LinkOptions
    readonly #over = new AbortController()
    #reported = ""

    constructor(options: LinkOptions) {
        this.#options = options
    }

    /** Connects, for as long as the server runs. */
    async run(): Promise<void> {
        const { url, options, use, lost } = this.#options
        while (!this.#over.signal.aborted) {
            try {
                const nats = await connect({
                    ...connectionOptions(url),
                    ...options,
                })
                await use(nats).finally(() => void nats.close())
                this.report("the connection ended")
            } catch (error) {
                this.report((error as Error).message)
            }
            lost()
            await this.pause(RETRY)
        }
    }

    report(text: string): void {
        if (text === this.#reported || this.#over.signal.aborted) return
        this.#reported = text
        this.#options.report(text)
    }

    /** Not longer than the link is there. */
    async pause(ms: number): Promise<void> {
        const { signal } = this.#over
        await sleep(ms, undefined, { signal }).catch(() => {})
    }

    /** Connects no more. The connection itself is its user's to close. */
    end(): void {
        this.#over.abort()
    }
}
