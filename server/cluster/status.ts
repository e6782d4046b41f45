import type { Worker } from "node:cluster"
import { AggregatorRegistry, Registry } from "prom-client"
import type { AdminSource, Health } from "../http/admin-listener.ts"
import type { Ask, FromWorker, Metrics } from "./worker.ts"

/** Milliseconds that a worker may take to answer. */
const PATIENCE = 2000

interface Report {
    health: Health
    metrics: Metrics
}

/** What the administrator's port tells of several workers: sums of their numbers, and whether all are well. */
export function clusterStatus(
    workers: ReadonlySet<Worker>,
    count: number,
    rejection: AdminSource["rejection"]
): AdminSource {
    const ask = async () =>
        (await Promise.all([...workers].map(reportOf))).filter(
            report => report !== undefined
        )
    return {
        rejection,
        metricsType: Registry.PROMETHEUS_CONTENT_TYPE,
        async metrics() {
            const all = (await ask()).map(({ metrics }) => metrics)
            return AggregatorRegistry.aggregate(all).metrics()
        },
        async health() {
            const workers = (await ask()).map(({ health }) => health)
            const well = workers.filter(({ status }) => status === "ok").length
            const some = workers.length ? "degraded" : "closing"
            return {
                status: well === count ? "ok" : some,
                connections: workers.reduce(
                    (sum, { connections }) => sum + Number(connections),
                    0
                ),
                workers,
            }
        },
    }
}

/** `undefined` when it does not answer. */
function reportOf(worker: Worker): Promise<Report | undefined> {
    return new Promise(resolve => {
        const timer = setTimeout(() => end(), PATIENCE)
        const take = (message: FromWorker) => {
            if ("health" in message) end(message)
        }
        const end = (report?: Report) => {
            clearTimeout(timer)
            worker.off("message", take)
            resolve(report)
        }
        worker.on("message", take)
        worker.send({ ask: "health and metrics" } satisfies Ask, () => {})
    })
}
