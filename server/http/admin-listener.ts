import { once } from "node:events"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { listen, type ListenOptions } from "./listen.ts"
import { answerOf, type Rejection } from "./rejection.ts"
import { pathOf } from "./request.ts"

const OPTIONS: ListenOptions = { host: "--admin-host", port: "--admin-port" }

/** How a server is. */
export interface Health {
    /** `degraded`: it serves, but the other servers do not hear of it or a worker is missing; `closing`: it takes no connections */
    status: "ok" | "closing" | "degraded"
    [detail: string]: unknown
}

/** What the administrator's port tells. */
export interface AdminSource {
    health(): Health | Promise<Health>
    /** Why a request is refused, if it is */
    rejection(request: IncomingMessage): Rejection | undefined
    /** In Prometheus' text format */
    metrics(): Promise<string>
    metricsType: string
}

/** Header fields of an answer that nobody keeps or guesses about. */
export const PLAIN = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}

/**
 * The administrator's port, apart from the public one, so that nothing here is public by accident: `/metrics` and
 * `/health`, the latter with 503 from a server that ends.
 */
export class AdminListener {
    readonly #server: Server
    #port = 0

    constructor(source: AdminSource) {
        this.#server = createServer((request, response) => {
            const rejection = source.rejection(request)
            if (rejection) {
                const { headers, body } = answerOf(rejection)
                return response.writeHead(rejection.status, headers).end(body)
            }
            return answer(source, pathOf(request)).then(
                ({ status, type, body }) =>
                    response
                        .writeHead(status, { ...PLAIN, "Content-Type": type })
                        .end(body)
            )
        })
    }

    /** The port that it listens on. */
    get port(): number {
        return this.#port
    }

    /** @throws ListenError */
    async listen(host: string, port: number): Promise<void> {
        this.#port = await listen(this.#server, host, port, OPTIONS)
    }

    async close(): Promise<void> {
        if (!this.#server.listening) return
        const closed = once(this.#server, "close")
        this.#server.close()
        this.#server.closeAllConnections()
        await closed
    }
}

interface Answer {
    status: number
    type: string
    body: string
}

async function answer(source: AdminSource, path: string): Promise<Answer> {
    switch (path) {
        case "/metrics":
            return {
                status: 200,
                type: source.metricsType,
                body: await source.metrics(),
            }
        case "/health": {
            const health = await source.health()
            return {
                status: statusOf(health),
                type: "application/json",
                body: JSON.stringify(health) + "\n",
            }
        }
        default:
            return {
                status: 404,
                type: "text/plain",
                body: "Not found. There are /metrics and /health\n",
            }
    }
}

/** The HTTP status of a health. */
export function statusOf({ status }: Health): number {
    return status === "closing" ? 503 : 200
}
