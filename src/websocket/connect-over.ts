import { randomBuffer } from "@devicescript/crypto"
import { sleep } from "../fiber/clock"
import { deadlineIn, timeLeft } from "../fiber/deadline"
import { Dial, Stream, StreamError } from "../net/stream"
import { base64 } from "../protocol/base64"
import { Handshake } from "../protocol/handshake"
import { HandshakeValue } from "../protocol/handshake-value"
import { parseUrl } from "../protocol/url"
import { ConnectionOptions, Rfc6455Connection } from "./rfc6455"

/** Bytes of the server's reply that are looked at before the fiber gives way. */
const REPLY_A_TURN = 128

export interface ConnectOptions extends ConnectionOptions {
    /** What goes into the handshake: `subprotocols(…)`, `basic(…)`, `headers({…})`, `origin(…)`. */
    handshake?: HandshakeValue[]
    /** Milliseconds for the connection, and then for the handshake. Default 30,000 and 10,000. */
    handshakeTimeout?: number
}

/**
 * Opens a WebSocket over any network.
 * @param url `ws://host[:port][/path][?query]`, or `wss://…`
 * @throws TypeError for an invalid URL, RangeError for a value that cannot be sent
 * @throws StreamError, HandshakeError when the server refuses, ProtocolError
 */
export async function connectOver(
    dial: Dial,
    url: string,
    options: ConnectOptions = {}
): Promise<Rfc6455Connection> {
    const { host, port, secure } = parseUrl(url)
    const handshake = new Handshake(parseUrl(url), {}, base64(randomBuffer(16)))
    const request = handshake.request()
    const timeout = options.handshakeTimeout
    const stream = await dial({ host, port, secure, timeout })
    try {
        send.start(stream, request)
        const deadline = deadlineIn(timeout ?? 10000)
        for (;;) {
            const chunk = await stream.recv(timeLeft(deadline))
            if (!chunk)
                throw new StreamError(
                    chunk === null ? "handshake: closed" : "handshake: timeout"
                )
            let at = 0
            for (; at < chunk.length; at += REPLY_A_TURN) {
                const n = handshake.receive(
                    chunk.slice(at, Math.min(at + REPLY_A_TURN, chunk.length))
                )
                if (n >= 0)
                    return new Rfc6455Connection(
                        stream,
                        at + n < chunk.length ? chunk.slice(at + n) : undefined,
                        { protocol: handshake.protocol, fields: {} },
                        options
                    )
                await sleep(0)
            }
        }
    } catch (e) {
        await stream.close()
        throw e
    }
}

/** In a fiber of its own: while the link takes nothing, the timeout counts all the same. */
async function send(stream: Stream, request: Buffer) {
    try {
        await stream.send(request)
    } catch {
        await stream.close()
    }
}
