import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { numberOfKey, type HixieVersion } from "../access/hixie-version.ts"
import { targetOf } from "../http/request.ts"

/** Bytes behind the headers of a handshake of hixie-76, which count into the answer. */
export const BODY = 8

/** The headers of the answer (draft-hixie-thewebsocketprotocol-76 section 5.2 and -75 section 4.2). */
export function handshakeAnswer(
    request: IncomingMessage,
    version: HixieVersion,
    secure: boolean,
    protocol: string
): Buffer {
    const { headers } = request
    const is76 = version === "hixie-76"
    const prefix = is76 ? "Sec-WebSocket" : "WebSocket"
    const scheme = secure ? "wss" : "ws"
    const lines = [
        `HTTP/1.1 101 ${is76 ? "WebSocket" : "Web Socket"} Protocol Handshake`,
        "Upgrade: WebSocket",
        "Connection: Upgrade",
        ...(headers.origin ? [`${prefix}-Origin: ${headers.origin}`] : []),
        `${prefix}-Location: ${scheme}://${headers.host}${targetOf(request)}`,
        ...(protocol ? [`${prefix}-Protocol: ${protocol}`] : []),
    ]
    return Buffer.from(lines.join("\r\n") + "\r\n\r\n", "latin1")
}

/** What hixie-76 answers to the keys of a handshake and the eight bytes behind it; the keys were checked. */
export function signature({ headers }: IncomingMessage, body: Buffer): Buffer {
    const numbers = Buffer.alloc(8)
    for (const index of [0, 1]) {
        const key = String(headers[`sec-websocket-key${index + 1}`])
        numbers.writeUInt32BE(numberOfKey(key) ?? 0, 4 * index)
    }
    return createHash("md5").update(numbers).update(body).digest()
}
