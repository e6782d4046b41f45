import type { IncomingMessage } from "node:http"
import { listOf } from "../http/field-list.ts"
import type { Rejection } from "../http/rejection.ts"
import { pathOf } from "../http/request.ts"
import { hixieVersionOf, keyProblem } from "./hixie-version.ts"
import { hostRejection, type KnownHosts } from "./known-hosts.ts"
import { opens, tokensIn, type Token } from "./token.ts"

/** Who is let in. */
export interface Policy {
    path: string
    hosts: KnownHosts
    /** Lower-case; none: every origin */
    origins?: ReadonlySet<string>
    /** A handshake needs one of them; none: it needs no token */
    tokens: readonly Token[]
    /** Whose pre-shared key the connection was made with, which stands for a token of all rooms */
    identity?: string
    /** The room that the path names, if it does */
    room?: string
    /** Whether the client came by TLS */
    secure: boolean
}

/** Seconds after which a client that found the server full may ask again. */
const RETRY_AFTER = 5

/** What is said to a client beyond the limit of all connections, or of its address. */
export function quotaExceeded(limit: "total" | "address"): Rejection {
    const headers = { "Retry-After": String(RETRY_AFTER) }
    return limit === "total"
        ? {
              status: 503,
              reason: `The server is full, try again in ${RETRY_AFTER} s`,
              headers,
          }
        : {
              status: 429,
              reason: "Too many connections from this address",
              headers,
          }
}

/** Whether a request asks for a WebSocket, among other protocols or alone. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
    const protocols = listOf(headers.upgrade)
    return protocols.some(name => name.toLowerCase() === "websocket")
}

/** Answers a request that is not a WebSocket handshake. */
export function plainHttp(
    request: IncomingMessage,
    path: string,
    secure: boolean
): Rejection {
    if (pathOf(request) !== path)
        return { status: 404, reason: `Not found. The WebSocket is at ${path}` }
    return {
        status: 426,
        reason: `This is a WebSocket, not a page: connect a WebSocket client to ${secure ? "wss" : "ws"}://${request.headers.host}${path}`,
        // RFC 9110 section 15.5.22: a 426 has to name the protocol
        headers: { Upgrade: "websocket", Connection: "Upgrade, close" },
    }
}

/**
 * Checks a handshake, which is a request to upgrade to `websocket` (RFC 6455 section 4.2.1), and the server's own rules;
 * `undefined` lets it in. The key and the subprotocol header are left to `ws`.
 */
export function handshakeRejection(
    request: IncomingMessage,
    policy: Policy
): Rejection | undefined {
    return (
        formRejection(request, policy) ??
        originRejection(request, policy) ??
        tokenRejection(request, policy)
    )
}

function formRejection(
    request: IncomingMessage,
    { path, secure }: Policy
): Rejection | undefined {
    const { headers, method } = request
    if (pathOf(request) !== path) return plainHttp(request, path, secure)
    if (method !== "GET")
        return {
            status: 405,
            reason: `A WebSocket handshake is a GET, not a ${method}`,
            headers: { Allow: "GET" },
        }
    const hosts = request.headersDistinct.host
    if (request.httpVersion !== "1.1" || hosts?.length !== 1)
        return {
            status: 400,
            reason: "A WebSocket handshake is HTTP/1.1 with one Host header",
        }
    // its bytes would be taken for frames
    if (hasBody(request))
        return { status: 400, reason: "A WebSocket handshake has no body" }
    const draft = hixieVersionOf(request)
    if (draft === "hixie-76") {
        const reason = keyProblem(request)
        return reason ? { status: 400, reason } : undefined
    }
    const version = headers["sec-websocket-version"]
    // 8 is hybi-08 to hybi-12, the same on the wire
    if (draft || version === "13" || version === "8") return undefined
    return wrongVersion(version?.toString())
}

/** RFC 9112 section 6.3. */
function hasBody({ headers }: IncomingMessage): boolean {
    return (
        headers["transfer-encoding"] !== undefined ||
        Number(headers["content-length"] ?? 0) !== 0
    )
}

/** A page's handshake has an Origin; a board's need not. */
function originRejection(
    request: IncomingMessage,
    { origins, hosts }: Policy
): Rejection | undefined {
    const origin = originOf(request)
    if (origin === undefined) return undefined
    if (origins && !origins.has(origin.toLowerCase()))
        return { status: 403, reason: `Origin ${origin} is not allowed` }
    return hostRejection(request, hosts)
}

function tokenRejection(
    { headers }: IncomingMessage,
    { tokens, identity, room }: Policy
): Rejection | undefined {
    if (tokens.length === 0 || identity !== undefined) return undefined
    const given = tokensIn(headers, tokens)
    if (given.some(token => opens(token, room))) return undefined
    if (given.length)
        return { status: 403, reason: "The token is for other rooms" }
    return {
        status: 401,
        reason: "A token is needed: Authorization: Bearer …",
        headers: { "WWW-Authenticate": "Bearer" },
    }
}

function wrongVersion(version = "missing"): Rejection {
    return {
        status: 426,
        reason: `Sec-WebSocket-Version is ${version}, expected 13`,
        headers: {
            Upgrade: "websocket",
            Connection: "Upgrade, close",
            "Sec-WebSocket-Version": "13, 8",
        },
    }
}

/**
 * The origin of a request, when it is a page of the same host that asks (the port may be another one, for a proxy does
 * not always pass it on); else none.
 */
export function ownOrigins(request: IncomingMessage): ReadonlySet<string> {
    const origin = originOf(request)?.toLowerCase() ?? ""
    const host = `http://${request.headers.host}`
    const isOwn =
        URL.canParse(origin) &&
        URL.canParse(host) &&
        new URL(origin).hostname === new URL(host).hostname
    return new Set(isOwn ? [origin] : [])
}

/** The page that asks; hybi-08 (version 8) called the header `Sec-WebSocket-Origin`. */
export function originOf({ headers }: IncomingMessage): string | undefined {
    return headers.origin ?? headers["sec-websocket-origin"]?.toString()
}
