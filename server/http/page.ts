import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"

/** A file as it goes over the wire. */
export interface Page {
    type: string
    body: Buffer
    /** Quoted, RFC 9110 section 8.8.3 */
    etag: string
}

/** What a server shows, by path; nothing else of the disk can be reached. */
export type Pages = ReadonlyMap<string, Page>

const TYPES: Record<string, string> = {
    html: "text/html; charset=utf-8",
    css: "text/css; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    svg: "image/svg+xml",
}

/**
 * A page runs scripts and styles of its own server only, none that stand in its text, and connects to nothing else
 * (Content Security Policy Level 3).
 */
const POLICY =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
const NOT_FRAMED = "; frame-ancestors 'none'"
const HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

/**
 * Reads a file of `server/web/` (or one that `file` names absolutely, as a URL) into memory.
 * @param values put in place of `{{name}}`, escaped for HTML
 */
export function page(
    file: string | URL,
    values: Record<string, string> = {}
): Page {
    const url = new URL(file, new URL("../web/", import.meta.url))
    const type = TYPES[url.pathname.split(".").at(-1) ?? ""]
    if (!type) throw new TypeError(`${url.pathname}: not a kind of page`)
    const text = Object.entries(values).reduce(
        (text, [name, value]) => text.replaceAll(`{{${name}}}`, escape(value)),
        readFileSync(url, "utf8")
    )
    const body = Buffer.from(text)
    const hash = createHash("sha256").update(body).digest("base64url")
    return { type, body, etag: `"${hash.slice(0, 22)}"` }
}

/**
 * Answers GET and HEAD, and 304 to who has the page already; 405 to everything else.
 * @param framed the page may be shown inside of another one
 */
export function servePage(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    { type, body, etag }: Page,
    framed = false
): void {
    if (method !== "GET" && method !== "HEAD") {
        response.writeHead(405, { Allow: "GET, HEAD", Connection: "close" })
        return void response.end()
    }
    // RFC 9110 section 13.1.2: the weak ones count, too
    const known = headers["if-none-match"]
        ?.match(/"[^"]*"|^\*$/g)
        ?.some(tag => tag === "*" || tag === etag)
    response.writeHead(known ? 304 : 200, {
        ...HEADERS,
        "Content-Security-Policy": framed ? POLICY : POLICY + NOT_FRAMED,
        ETag: etag,
        ...(!known && { "Content-Type": type, "Content-Length": body.length }),
    })
    response.end(known || method === "HEAD" ? undefined : body)
}

function escape(text: string): string {
    return text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
}
