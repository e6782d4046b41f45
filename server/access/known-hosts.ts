import type { IncomingMessage } from "node:http"
import { isIP } from "node:net"
import { hostname } from "node:os"
import type { Rejection } from "../http/rejection.ts"
import { hostOf } from "../http/request.ts"

/**
 * The names by which a server is known, besides its addresses. A page of another site whose name is made to point here
 * ("DNS rebinding") would pass for one of the server's own: a browser tells it apart by the name only.
 */
export type KnownHosts = ReadonlySet<string>

/** This computer's own names, and those given: what the server listens on, and by what else it is reached. */
export function knownHosts(...names: string[]): KnownHosts {
    const full = hostname().toLowerCase()
    const [short] = full.split(".")
    const own = [full, short].flatMap(name => [name, `${name}.local`])
    const given = names.map(name => name.toLowerCase())
    return new Set(["localhost", ...own, ...given])
}

/** @returns why a request is refused that is for a host which the server does not know, or for more than one */
export function hostRejection(
    request: IncomingMessage,
    known: KnownHosts
): Rejection | undefined {
    // RFC 9112 section 3.2: a proxy may have looked at another one
    if ((request.headersDistinct.host?.length ?? 0) > 1)
        return { status: 400, reason: "A request has one Host header" }
    const host = hostOf(request)
    if (host === undefined || isIP(host) || known.has(host)) return undefined
    return {
        status: 421,
        reason: `This server is not known as ${JSON.stringify(host)}. If it should be, start it with --public-name ${host || "<name>"}`,
    }
}
