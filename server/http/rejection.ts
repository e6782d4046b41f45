import { STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"

/** Why a request is refused, as the answer says it. */
export interface Rejection {
    /** The status; 0: there is no answer, because the bytes were not TLS */
    status: number
    reason: string
    headers?: Record<string, string>
}

/** Milliseconds that a refused peer has to take its answer. */
const LINGER = 2000

/** The headers and the body of an answer, the same for an HTTP response and for a refused upgrade. */
export function answerOf({ reason, headers }: Rejection): {
    headers: Record<string, string>
    body: string
} {
    const body = reason + "\n"
    return {
        headers: {
            Connection: "close",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": String(Buffer.byteLength(body)),
            "X-Content-Type-Options": "nosniff",
            ...headers,
        },
        body,
    }
}

/**
 * Answers on the bare socket of an upgrade request, and ends it. What the peer has still to say is read and thrown
 * away: closing with unread bytes resets the connection, and the answer may be lost with it.
 */
export function reject(socket: Duplex, rejection: Rejection): void {
    const { headers, body } = answerOf(rejection)
    const lines = Object.entries(headers).map(
        ([name, value]) => `${name}: ${value}\r\n`
    )
    const status = `${rejection.status} ${STATUS_CODES[rejection.status]}`
    const timer = setTimeout(() => socket.destroy(), LINGER)
    socket.on("error", () => socket.destroy())
    socket.once("close", () => clearTimeout(timer))
    socket.end(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n${body}`)
    socket.resume()
}
