import { WebSocket } from "ws"
import type { Table } from "../../server/plot/hub.ts"
import type { Batch } from "../../server/plot/session.ts"
import { once } from "../wire/wait.ts"

/** A page: asks for the next batch when it has one, and knows what it was shown. */
export class Page {
    readonly ws: WebSocket
    /** By source and series: `board/temperature` */
    readonly points = new Map<string, number[]>()
    table?: Table
    readonly #names = new Map<number, string>()

    /** @param server where it is: a running server, or the URL of one */
    constructor({ port }: { port: number | string }, path = "/plot") {
        this.ws = new WebSocket(`ws://127.0.0.1:${port}${path}`)
        this.ws.on("message", data => {
            this.#show(JSON.parse(String(data)) as Batch)
            this.ws.send("")
            this.ws.emit("shown")
        })
    }

    /** Resolves when it was shown what `done` looks for. */
    async until(done: () => boolean): Promise<void> {
        while (!done()) await once(this.ws, "shown")
    }

    #show({ series = [], points = [], table }: Batch): void {
        for (const [id, source, name] of series)
            this.#names.set(id, `${source}/${name}`)
        for (const [id, ...values] of points) {
            const name = this.#names.get(id) ?? "unknown"
            const points = this.points.get(name) ?? []
            points.push(...values)
            this.points.set(name, points)
        }
        this.table = table ?? this.table
    }
}
