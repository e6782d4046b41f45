import { HandshakeValue } from "../protocol/handshake-value"
import { isToken } from "./headers"

/**
 * Offers subprotocols, RFC 6455, 1.9; `connection.protocol` is then the one that the server chose, or empty.
 * @param names the preferred one first
 * @throws RangeError for what is not a token, and for the same name twice
 */
export function subprotocols(...names: string[]): HandshakeValue {
    for (let i = 0; i < names.length; ++i)
        if (!isToken(names[i]) || names.indexOf(names[i]) < i)
            throw new RangeError(
                `subprotocol "${names[i]}": expected distinct tokens`
            )
    const line = names.length
        ? `Sec-WebSocket-Protocol: ${names.join(", ")}\r\n`
        : ""
    return {
        request: () => line,
        reply: reply => {
            const chosen = reply.fields["sec-websocket-protocol"]
            if (names.indexOf(chosen) >= 0) reply.protocol = chosen
        },
    }
}
