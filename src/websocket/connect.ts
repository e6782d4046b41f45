import { dialNative } from "../net/native"
import { connectOver, WebSocket, WebSocketOptions } from "./websocket"

/**
 * Opens a WebSocket over the board's own network.
 * @param url `ws://[user:password@]host[:port][/path][?query]`, or `wss://…`
 * @throws TypeError, StreamError, HandshakeError, ProtocolError; with `reconnect` only a final one
 */
export async function connect(
    url: string,
    options?: WebSocketOptions
): Promise<WebSocket> {
    return await connectOver(dialNative, url, options)
}
