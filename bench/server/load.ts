/**
 * The load generator, a process of its own that its parent steers: it opens its connections and says `ready`, counts between `begin` and
 * `end`, and answers with what it counted.
 */
import { createHistogram } from "node:perf_hooks"
import { Client } from "./client.ts"
import { exchangeOf } from "./frames.ts"
import { JsonClient } from "./json-client.ts"

/** What to load, as JSON on the command line. */
export interface Load {
    port: number
    path: string
    connections: number
    /** Messages on the way on each connection */
    depth: number
    /** Bytes of a message */
    size: number
    /** JSON in place of plain text, and compressed if the server agrees */
    json?: boolean
}

/** What came between `begin` and `end`. */
export interface Counted {
    messages: number
    seconds: number
    /** Milliseconds that 99 of 100 round trips did not exceed */
    p99: number
}

/** Round trips, in microseconds */
const roundTrips = createHistogram()
let begun = 0

const load = JSON.parse(process.argv[2]) as Load
const exchange = exchangeOf(load.size)
const onReply = (milliseconds: number) =>
    roundTrips.record(Math.max(1, Math.round(1000 * milliseconds)))
const clients: (Client | JsonClient)[] = []
for (let i = 0; i < load.connections; ++i)
    clients.push(
        load.json
            ? await JsonClient.open({ ...load, onReply })
            : await Client.open({ ...load, exchange, onReply })
    )
for (const client of clients) client.start()

process.on("message", word => {
    if (word === "begin") begin()
    else if (word === "end") process.send?.(end())
})
process.once("disconnect", () => process.exit())
process.send?.("ready")

function begin(): void {
    roundTrips.reset()
    begun = performance.now()
}

function end(): Counted {
    const seconds = (performance.now() - begun) / 1000
    const p99 = roundTrips.percentile(99) / 1000
    return { messages: roundTrips.count, seconds, p99 }
}
