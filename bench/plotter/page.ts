import { once } from "node:events"
import { WebSocket } from "ws"
import type { Batch } from "../../server/plot/session.ts"

/**
 * What a page does: ask for the next batch at once, read one and never ask again, or ask on and on and read nothing.
 */
export type Manner = "quick" | "silent" | "deaf"

/** Every so many points the delay of one is kept. */
const SAMPLE = 50

/** A page as the server sees one. */
export class LoadPage {
    /** Points of the sources that count */
    received = 0
    /** Points that were not the next ones of their series */
    disordered = 0
    /** Milliseconds from the source to the page */
    readonly delays: number[] = []
    readonly #ws: WebSocket
    readonly #counted: (source: string) => boolean
    /** Of each series that counts, the x that comes next */
    readonly #next = new Map<number, number>()

    private constructor(
        ws: WebSocket,
        manner: Manner,
        counted: (source: string) => boolean
    ) {
        this.#ws = ws
        this.#counted = counted
        ws.on("message", data => {
            this.#read(JSON.parse(String(data)) as Batch)
            if (manner !== "silent") ws.send("")
        })
    }

    static async open(
        url: URL,
        manner: Manner,
        counted: (source: string) => boolean
    ): Promise<LoadPage> {
        const ws = new WebSocket(url)
        const page = new LoadPage(ws, manner, counted)
        await once(ws, "open")
        if (manner === "deaf") {
            ws.pause()
            for (let i = 0; i < 1000; i++) ws.send("")
        }
        return page
    }

    close(): void {
        this.#ws.terminate()
    }

    // y is when the point was sent
    #read({ series = [], points = [] }: Batch): void {
        const now = Date.now()
        for (const [id, source] of series)
            if (this.#counted(source)) this.#next.set(id, 0)
        for (const [id, ...values] of points) {
            let next = this.#next.get(id)
            if (next === undefined) continue
            for (let i = 0; i < values.length; i += 2) {
                if (values[i] !== next) this.disordered++
                next = values[i] + 1
                if (this.received++ % SAMPLE === 0)
                    this.delays.push(now - values[i + 1])
            }
            this.#next.set(id, next)
        }
    }
}
