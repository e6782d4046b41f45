/** Clients of the drafts before RFC 6455, on a bare socket. */
import type { Socket } from "node:net"
import type { TestContext } from "node:test"
import type { ServerOptions } from "../../server/options.ts"
import { serve as serveAny, tcp } from "./peers.ts"

/** The example of draft-hixie-thewebsocketprotocol-76 section 1.2: two keys, eight bytes, and the answer to them. */
const KEYS = {
    "Sec-WebSocket-Key2": "12998 5 Y3 1  .P00",
    "Sec-WebSocket-Key1": "4 @1  46546xW%0l 1 5",
}
const BODY = "^n:ds[4U"
export const SIGNATURE = "8jKS'y:G*Co,Wxa-"

export const VERSIONS = ["hixie-76", "hixie-75"] as const
type Version = (typeof VERSIONS)[number]

/** A server that is known by the name in the handshakes. */
export const serve = (t: TestContext, options: ServerOptions = {}) =>
    serveAny(t, { publicNames: ["example.com"], ...options })

/** A handshake for /ws; a header set to `undefined` is left out. */
export function handshake(
    version: Version,
    headers: Record<string, string | undefined> = {}
): string {
    const is76 = version === "hixie-76"
    const all = {
        Upgrade: "WebSocket",
        Connection: "Upgrade",
        Host: "example.com",
        Origin: "http://example.com",
        ...(is76 && KEYS),
        ...headers,
    }
    const lines = Object.entries(all)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}: ${value}\r\n`)
    return `GET /ws HTTP/1.1\r\n${lines.join("")}\r\n${is76 ? BODY : ""}`
}

/** A client on a bare socket. */
interface DraftClient {
    socket: Socket
    /** The next `length` bytes, one character each; fewer when the server has ended */
    read: (length: number) => Promise<string>
    /** Everything up to and including `text` */
    until: (text: string) => Promise<string>
}

export async function open(
    t: TestContext,
    port: number,
    request: string
): Promise<DraftClient> {
    const socket = await tcp(t, port)
    socket.setEncoding("latin1").write(request, "latin1")
    const chunks = socket.iterator() as AsyncIterator<string>
    let held = ""
    const take = async (length: () => number) => {
        while (length() < 0 || held.length < length()) {
            const { value, done } = await chunks.next()
            if (done) break
            held += value
        }
        const taken = length() < 0 ? held : held.slice(0, length())
        held = held.slice(taken.length)
        return taken
    }
    return {
        socket,
        read: length => take(() => length),
        until: text =>
            take(() => {
                const at = held.indexOf(text)
                return at < 0 ? -1 : at + text.length
            }),
    }
}

/** A server and a client whose handshake is over. */
export async function opened(
    t: TestContext,
    version: Version,
    options: ServerOptions = {}
) {
    const server = await serve(t, { closeTimeout: 100, ...options })
    const client = await open(t, server.port, handshake(version))
    await client.until("\r\n\r\n")
    if (version === "hixie-76") await client.read(SIGNATURE.length)
    return { server, ...client }
}
