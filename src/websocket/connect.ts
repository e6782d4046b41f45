import { dialNative } from "../net/native"
import { connectOver, ConnectOptions } from "./connect-over"
import { Rfc6455Connection } from "./rfc6455"

/**
 * Opens a WebSocket over the board's own network.
 * @param url `ws://host[:port][/path][?query]`, or `wss://…`
 * @throws as `connectOver`
 */
export async function connect(
    url: string,
    options?: ConnectOptions
): Promise<Rfc6455Connection> {
    return await connectOver(dialNative, url, options)
}
