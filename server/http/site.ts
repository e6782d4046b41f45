import type { IncomingMessage, ServerResponse } from "node:http"
import { PLAIN, statusOf, type Health } from "./admin-listener.ts"
import { servePage, type Pages } from "./page.ts"
import { pathOf } from "./request.ts"

/** Where anyone may ask whether the server is well; no WebSocket has this path. */
const HEALTH = "/health"

/** What the public port shows to a browser. */
export interface Site {
    pages: Pages
    /** Whether the pages may be shown inside of others */
    framed: boolean
    health(): Health
}

/** Answers a request for a page or for the health. @returns whether there is such a page */
export function serveSite(
    { pages, framed, health }: Site,
    request: IncomingMessage,
    response: ServerResponse
): boolean {
    const path = pathOf(request)
    const page = pages.get(path)
    if (page) servePage(request, response, page, framed)
    else if (path === HEALTH) serveHealth(response, health())
    else return false
    return true
}

function serveHealth(response: ServerResponse, health: Health): void {
    const headers = { ...PLAIN, "Content-Type": "text/plain" }
    response.writeHead(statusOf(health), headers).end(health.status + "\n")
}
