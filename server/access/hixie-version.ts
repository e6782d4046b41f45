import type { IncomingMessage } from "node:http"

/** The drafts before RFC 6455 that are spoken. */
export type HixieVersion = "hixie-75" | "hixie-76"

/**
 * The draft that a handshake follows: `hixie-76` has two keys, `hixie-75` neither key nor version, and `WebSocket` in
 * exactly these letters (its section 3.2), so that a handshake which merely lacks its version is not taken for one.
 */
export function hixieVersionOf({
    headers,
}: IncomingMessage): HixieVersion | undefined {
    if (headers["sec-websocket-version"] || headers["sec-websocket-key"])
        return undefined
    const keys = ["sec-websocket-key1", "sec-websocket-key2"]
    if (keys.some(name => headers[name] !== undefined)) return "hixie-76"
    return headers.upgrade === "WebSocket" ? "hixie-75" : undefined
}

/**
 * The number that a key of hixie-76 stands for (draft-hixie-thewebsocketprotocol-76 section 5.2): its digits, divided by
 * its spaces. `undefined`: it stands for none.
 */
export function numberOfKey(key: string): number | undefined {
    const digits = key.replace(/\D/g, "")
    const number = Number(digits || NaN) / key.replace(/[^ ]/g, "").length
    return Number.isInteger(number) && number <= 0xffffffff ? number : undefined
}

/** What is wrong with the keys of hixie-76; `undefined`: nothing. */
export function keyProblem({ headers }: IncomingMessage): string | undefined {
    for (const name of ["Sec-WebSocket-Key1", "Sec-WebSocket-Key2"]) {
        const key = headers[name.toLowerCase()]?.toString() ?? ""
        if (numberOfKey(key) === undefined)
            return `${name} is ${JSON.stringify(key)}, expected digits that make up a multiple of its spaces`
    }
    return undefined
}
