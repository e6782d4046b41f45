/** The opening handshake as a server sees it, RFC 6455, 4.1 and 4.2. */
import { createHash } from "node:crypto"

/** The client's request. */
export interface Request {
    /** What it did against RFC 6455, 4.1. */
    violations: string[]
    /** By name in lower case. */
    headers: Map<string, string>
    /** `Sec-WebSocket-Accept` that fits. */
    accept: string
}

/** The bytes that answer a request. */
export type Answer = (request: Request) => string

/** RFC 6455, 1.3 */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/** Header lines as they go over the wire. */
export function reply(...lines: string[]): string {
    return [...lines, "", ""].join("\r\n")
}

/** Accepts the connection. */
export const upgrade: Answer = ({ accept }) =>
    reply(
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${accept}`
    )

/** @param text up to the empty line, and whatever came with it */
export function readRequest(text: string): Request {
    const [start, ...lines] = text
        .slice(0, text.indexOf("\r\n\r\n"))
        .split("\r\n")
    const headers = new Map<string, string>()
    for (const line of lines) {
        const colon = line.indexOf(":")
        const name = line.slice(0, colon).toLowerCase()
        headers.set(name, line.slice(colon + 1).trim())
    }
    const key = headers.get("sec-websocket-key") ?? ""
    const has = (name: string, pattern: RegExp) =>
        pattern.test(headers.get(name) ?? "")
    const rules: [boolean, string][] = [
        [text.endsWith("\r\n\r\n"), "data before the answer"],
        [/^GET \/\S* HTTP\/1\.1$/.test(start), `request line ${start}`],
        [has("host", /^(localhost|[\d.]+):\d+$/), "no Host"],
        [has("upgrade", /^websocket$/i), "no Upgrade: websocket"],
        [has("connection", /\bupgrade\b/i), "no Connection: Upgrade"],
        [has("sec-websocket-version", /^13$/), "no version 13"],
        [Buffer.from(key, "base64").length === 16, `key ${key}`],
    ]
    return {
        violations: rules.flatMap(([good, what]) => (good ? [] : [what])),
        headers,
        accept: createHash("sha1")
            .update(key + GUID)
            .digest("base64"),
    }
}
