import type { MetricObjectWithValues, MetricValue } from "prom-client"
import type { Health } from "../http/admin-listener.ts"
import type { ServerOptions } from "../options.ts"
import type { Server } from "../server.ts"
import type { Addresses } from "./addresses.ts"

/** A worker's numbers. */
export type Metrics = MetricObjectWithValues<MetricValue<string>>[]

/** What a worker says to its parent, besides what its bus does: where it listens, and on `Ask` how it is. */
export type FromWorker =
    { listening: Addresses } | { health: Health; metrics: Metrics }

/** What its parent wants to know. */
export interface Ask {
    ask: "health and metrics"
}

/** Tells the parent that the server is there, and answers what it asks. */
export function reportTo(server: Server, addresses: Addresses): void {
    const send = (message: FromWorker) => process.send?.(message)
    process.on("message", (message: Partial<Ask>) => {
        if (!message.ask) return
        void server.metrics
            .getMetricsAsJSON()
            .then(metrics => send({ health: server.health, metrics }))
    })
    send({ listening: addresses })
}

/**
 * What one of `count` workers allows: its even share of what all are to allow, for connections go to them in turn. The
 * administrator's port is its parent's.
 */
export function shareOf(options: ServerOptions, count: number): ServerOptions {
    const share = (limit?: number) => limit && Math.ceil(limit / count)
    return {
        ...options,
        maxConnections: share(options.maxConnections),
        maxPerAddress: share(options.maxPerAddress),
        adminPort: undefined,
    }
}
