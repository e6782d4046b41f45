/**
 * The load generator, a process of its own that its parent steers: it opens its connections and says `ready`, counts between `begin` and
 * `end`, and answers with what it counted.
 */
import { Client } from "./client.ts"
import { exchangeOf } from "./frames.ts"
import { JsonClient } from "./json-client.ts"
import { ready, record } from "./tally.ts"

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

const load = JSON.parse(process.argv[2]) as Load
const exchange = exchangeOf(load.size)
const clients: (Client | JsonClient)[] = []
for (let i = 0; i < load.connections; ++i)
    clients.push(
        load.json
            ? await JsonClient.open({ ...load, onReply: record })
            : await Client.open({ ...load, exchange, onReply: record })
    )
for (const client of clients) client.start()
ready()
