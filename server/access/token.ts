import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { listOf } from "../http/field-list.ts"

/** A token, or one with the rooms that it opens: it opens no others, and nothing else. */
export type Token = string | { token: string; rooms: readonly string[] }

/** What a page agrees on beside its token, so that the server has a name to answer that is not secret. */
export const BEARER = "bearer"

/**
 * Those of the tokens that a handshake has: in `Authorization: Bearer …` (RFC 6750), or, for a page, which cannot set
 * headers, as the subprotocol `bearer.` and the token in base64url. Takes as long for a wrong token as for a right one.
 */
export function tokensIn(
    headers: IncomingHttpHeaders,
    tokens: readonly Token[]
): Token[] {
    const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1]
    const offered = listOf(headers["sec-websocket-protocol"])
        .map(name => /^bearer\.([\w-]+)$/.exec(name)?.[1])
        .find(name => name !== undefined)
    const candidates = [
        given,
        offered && Buffer.from(offered, "base64url").toString(),
    ].filter(text => text !== undefined)
    const found: Token[] = []
    for (const candidate of candidates)
        for (const token of tokens)
            if (timingSafeEqual(digest(candidate), digest(textOf(token))))
                found.push(token)
    return found
}

/** Whether a token lets in, to a room or, without one, to the server. A name that ends in `/` stands for all below. */
export function opens(token: Token, room?: string): boolean {
    if (typeof token === "string") return true
    if (room === undefined) return false
    return token.rooms.some(
        name => name === room || (name.endsWith("/") && room.startsWith(name))
    )
}

const textOf = (token: Token) =>
    typeof token === "string" ? token : token.token

function digest(text: string): Buffer {
    return createHash("sha256").update(text).digest()
}
