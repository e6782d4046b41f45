/**
 * The load generator, a process of its own that its parent steers: it opens its connections and says `ready`, counts between `begin` and
 * `end`, and answers with what it counted.
 */
import { Client } from "./client.ts"
import { exchangeOf } from "./frames.ts"

/** What to load, as JSON on the command line. */
export interface Load {
    port: number
    path: string
    connections: number
    /** Messages on the way on each connection */
    depth: number
    /** Bytes of a message */
    size: number
}

/** What came between `begin` and `end`. */
export interface Counted {
    messages: number
    seconds: number
    /** Milliseconds that 99 of 100 round trips did not exceed */
    p99: number
}

/** Width of a class of round trips, ms, and how many there are: up to 2 s. */
const CLASS = 0.02
const CLASSES = 100_000

const classes = new Uint32Array(CLASSES)
let messages = 0
let begun = 0

const load = JSON.parse(process.argv[2]) as Load
const exchange = exchangeOf(load.size)
const onReply = (milliseconds: number) => {
    ++messages
    ++classes[Math.min(CLASSES - 1, Math.floor(milliseconds / CLASS))]
}
const clients: Client[] = []
for (let i = 0; i < load.connections; ++i)
    clients.push(await Client.open({ ...load, exchange, onReply }))
for (const client of clients) client.start()

process.on("message", word => {
    if (word === "begin") begin()
    else if (word === "end") process.send?.(end())
})
process.once("disconnect", () => process.exit())
process.send?.("ready")

function begin(): void {
    classes.fill(0)
    messages = 0
    begun = performance.now()
}

function end(): Counted {
    const seconds = (performance.now() - begun) / 1000
    return { messages, seconds, p99: quantile(0.99) }
}

function quantile(part: number): number {
    let left = messages * part
    const index = classes.findIndex(count => (left -= count) <= 0)
    return (index + 1) * CLASS
}
