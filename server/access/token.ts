import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { listOf } from "../http/field-list.ts"

/** What a page agrees on beside its token, so that the server has a name to answer that is not secret. */
export const BEARER = "bearer"

/**
 * Whether a handshake has one of the tokens: in `Authorization: Bearer …` (RFC 6750), or, for a page, which cannot set
 * headers, as the subprotocol `bearer.` and the token in base64url. Takes as long for a wrong token as for a right one.
 */
export function hasToken(
    headers: IncomingHttpHeaders,
    tokens: readonly string[]
): boolean {
    const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1]
    const offered = listOf(headers["sec-websocket-protocol"])
        .map(name => /^bearer\.([\w-]+)$/.exec(name)?.[1])
        .find(name => name !== undefined)
    const candidates = [
        given,
        offered && Buffer.from(offered, "base64url").toString(),
    ].filter(text => text !== undefined)
    let found = false
    for (const candidate of candidates)
        for (const token of tokens)
            if (timingSafeEqual(digest(candidate), digest(token))) found = true
    return found
}

function digest(text: string): Buffer {
    return createHash("sha256").update(text).digest()
}
