import { randomBuffer } from "@devicescript/crypto"
import { sleep } from "../fiber/clock"
import { deadlineIn, timeLeft } from "../fiber/deadline"
import { Dial, Stream, StreamError } from "../net/stream"
import { base64 } from "../protocol/base64"
import { HandshakeValue } from "../protocol/handshake-value"
import {
    checkReply,
    RESPONSE_HEADERS,
    upgradeRequest,
} from "../protocol/opening-handshake"
import { readResponse, refuse, ResponseHead } from "../protocol/response"
import { join } from "../protocol/join"
import { parseUrl } from "../protocol/url"
import { ConnectionOptions, Rfc6455Connection } from "./rfc6455"

/** Bytes of the response that are looked at before the fiber gives way. */
const RESPONSE_A_TURN = 128

export interface ConnectOptions extends ConnectionOptions {
    /** What goes into the handshake: `subprotocols(…)`, `basic(…)`, `headers({…})`, `origin(…)`. */
    handshake?: HandshakeValue[]
    /** Milliseconds for the connection, and then for the handshake. Default 30,000 and 10,000. */
    handshakeTimeout?: number
}

/**
 * Opens a WebSocket over any network.
 * @param url `ws://host[:port][/path][?query]`, or `wss://…`
 * @throws TypeError for an invalid URL, RangeError for what cannot be sent
 * @throws StreamError (the network), HandshakeError (the server refuses), ProtocolError (its response is wrong)
 */
export async function connectOver(
    dial: Dial,
    url: string,
    options: ConnectOptions = {}
): Promise<Rfc6455Connection> {
    const target = parseUrl(url)
    const { host, port, secure } = target
    const values = options.handshake || []
    const key = base64(randomBuffer(16))
    const request = upgradeRequest(target, values, key)
    const timeout = options.handshakeTimeout
    const stream = await dial({ host, port, secure, timeout })
    try {
        send.start(stream, request)
        const head = new ResponseHead(RESPONSE_HEADERS)
        const rest = await readHead(stream, head, timeout ?? 10000)
        const reply = checkReply(head, values, key)
        return new Rfc6455Connection(stream, rest, reply, options)
    } catch (e) {
        await stream.close()
        throw e
    }
}

/** @returns what comes behind the head */
export async function readHead(
    stream: Stream,
    head: ResponseHead,
    timeout: number
): Promise<Buffer> {
    const deadline = deadlineIn(timeout)
    for (;;) {
        const chunk = await stream.recv(timeLeft(deadline))
        if (!chunk) {
            refuse(head)
            throw new StreamError(
                chunk === null ? "no response: closed" : "no response: timeout"
            )
        }
        for (let at = 0; at < chunk.length; at += RESPONSE_A_TURN) {
            const end = Math.min(at + RESPONSE_A_TURN, chunk.length)
            const rest = readResponse(head, chunk.slice(at, end))
            await sleep(0)
            if (rest) return join(rest, chunk.slice(end))
        }
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
