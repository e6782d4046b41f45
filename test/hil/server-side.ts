/** The server's end: the echo server behind the link, and the record of what it saw. */
import { startServer, type Server } from "../../server/server.ts"
import { observe, type ServerEvent } from "../../server/telemetry/events.ts"
import type { ServerOptions } from "../../server/options.ts"
import type { FaultLog } from "./fault-log.ts"

/** What happened at the server, and when: `performance.now()`. */
export type Recorded = { at: number } & (
    | { event: "connection" }
    | { event: "message"; data: string | Buffer }
    | { event: "reply"; data: string | Buffer }
    /** `code`: what the board said, 1006 when it said nothing. */
    | { event: "close"; code: number }
    | { event: "refused"; status: number }
    | { event: "failure"; reason: string }
)

type Body<R> = R extends Recorded ? Omit<R, "at"> : never

/** What the servers of a scenario saw, in order. */
export class ServerRecord {
    readonly list: Recorded[] = []
    private readonly waiting = new Set<() => void>()

    add(body: Body<Recorded>) {
        this.list.push({ at: performance.now(), ...body })
        for (const look of this.waiting) look()
    }

    /** Takes an event of the echo server. */
    readonly hear = (event: ServerEvent) => {
        switch (event.event) {
            case "message":
            case "reply":
                return this.add({ event: event.event, data: event.data })
            case "connection":
                return this.add({ event: "connection" })
            case "close":
                return this.add({ event: "close", code: event.code })
            case "refused":
                return this.add({ event: "refused", status: event.status })
            case "failure":
                return this.add({ event: "failure", reason: event.reason })
        }
    }

    count(event: Recorded["event"]): number {
        return this.list.filter(recorded => recorded.event === event).length
    }

    /**
     * Waits until the record is as wanted.
     * @param timeout milliseconds
     * @returns whether it is
     */
    when(wanted: () => boolean, timeout: number): Promise<boolean> {
        return new Promise(resolve => {
            const done = (came: boolean) => {
                clearTimeout(timer)
                this.waiting.delete(look)
                resolve(came)
            }
            const look = () => wanted() && done(true)
            const timer = setTimeout(() => done(wanted()), timeout)
            this.waiting.add(look)
            look()
        })
    }

    /** Waits until every connection has ended. */
    quiet(timeout: number): Promise<boolean> {
        return this.when(
            () => this.count("connection") === this.count("close"),
            timeout
        )
    }
}

/** An echo server that can be stopped and started again. */
export class ServerSide {
    /** Where it listens, or did before it was stopped. */
    port = 0
    private server?: Server
    private over = false

    constructor(
        readonly record: ServerRecord,
        private readonly faults: FaultLog,
        private readonly options: ServerOptions
    ) {}

    /** On a free port of 127.0.0.1. @throws after `end` */
    async start() {
        if (this.over) throw new Error("expected a scenario, it has ended")
        const { record, options } = this
        const server = await startServer({
            ...options,
            port: 0,
            host: "127.0.0.1",
            on: observe(record.hear),
        })
        this.server = server
        if (this.over) return await this.leave()
        this.port = server.port
        this.faults.end("server ")
    }

    /** In order: each connection is closed with 1001 (RFC 6455, 7.4.1). */
    async stop() {
        this.faults.begin("server stopped")
        await this.leave()
    }

    /** As when its machine loses power: connections end without a Close frame. */
    async kill() {
        this.faults.begin("server killed")
        for (const connection of this.server?.connections ?? [])
            connection.terminate()
        await this.leave()
    }

    /** Ends it for good, without a fault: steps that still run cannot start it again. */
    async end() {
        this.over = true
        await this.leave()
    }

    private async leave() {
        const { server } = this
        this.server = undefined
        await server?.close()
    }
}
