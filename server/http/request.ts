import type { IncomingMessage } from "node:http"

/** The target of a request when it is an absolute URI (RFC 9112 section 3.2.2): scheme and host. */
const ABSOLUTE = /^https?:\/\/([^/?]*)/i

/** Path and query of a request, whose target may be an absolute URI (RFC 6455 section 4.1). */
export function targetOf({ url = "/" }: IncomingMessage): string {
    return url.replace(ABSOLUTE, "") || "/"
}

/** The path of a request. */
export function pathOf(request: IncomingMessage): string {
    return targetOf(request).split("?")[0] || "/"
}

/** The host that a request is for, in lower case and without port and brackets; `undefined`: it does not say. */
export function hostOf({ url = "/", headers }: IncomingMessage) {
    const authority = ABSOLUTE.exec(url)?.[1] ?? headers.host
    return authority
        ?.toLowerCase()
        .replace(/:\d*$/, "")
        .replace(/^\[(.*)\]$|\.$/, "$1")
}
