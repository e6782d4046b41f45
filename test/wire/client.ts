/** The opening handshake as a client sends it, RFC 6455 section 4.1. */

/** A handshake for /ws; a header set to `undefined` is left out. */
export function handshake(
    headers: Record<string, string | undefined> = {},
    start = "GET /ws HTTP/1.1"
): string {
    const all = {
        Host: "127.0.0.1",
        Upgrade: "websocket",
        Connection: "Upgrade",
        // the key of RFC 6455 section 1.2
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        ...headers,
    }
    const lines = Object.entries(all)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}: ${value}\r\n`)
    return `${start}\r\n${lines.join("")}\r\n`
}
