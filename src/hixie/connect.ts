import { randomBuffer } from "@devicescript/crypto"
import { deadlineIn, timeLeft } from "../fiber/deadline"
import { Dial, Stream, StreamError } from "../net/stream"
import { ProtocolError } from "../protocol/codes"
import { join } from "../protocol/join"
import { parseUrl, Url } from "../protocol/url"
import { readHead } from "../websocket/connect-over"
import { HixieConnection, HixieConnectionOptions } from "./connection"
import {
    checkHead,
    HixieHandshakeOptions,
    HixieRequest,
    request75,
    request76,
    responseHead,
} from "./handshake"

export interface HixieOptions
    extends HixieHandshakeOptions, HixieConnectionOptions {
    /** Milliseconds for the connection, and then for the handshake. Default 30,000 and 10,000. */
    handshakeTimeout?: number
}

/**
 * Opens a WebSocket of draft-hixie-thewebsocketprotocol-76, the same as draft-ietf-hybi-thewebsocketprotocol-00, over any network.
 * It has text messages only, no Pings, and no close codes.
 * @throws as `connectOver`
 */
export async function connectHixie76(
    dial: Dial,
    url: string,
    options: HixieOptions = {}
): Promise<HixieConnection> {
    const target = parseUrl(url)
    const request = request76(target, options, randomBuffer)
    return await connectBy(dial, target, request, options, true)
}

/**
 * Opens a WebSocket of draft-hixie-thewebsocketprotocol-75, which has no closing handshake either.
 * @throws as `connectOver`
 */
export async function connectHixie75(
    dial: Dial,
    url: string,
    options: HixieOptions = {}
): Promise<HixieConnection> {
    const target = parseUrl(url)
    const request = request75(target, options)
    return await connectBy(dial, target, request, options, false)
}

/** @internal With a request that is made already. */
export async function connectBy(
    dial: Dial,
    { host, port, secure }: Url,
    request: HixieRequest,
    options: HixieOptions,
    hasClose: boolean
): Promise<HixieConnection> {
    const timeout = options.handshakeTimeout
    const stream = await dial({ host, port, secure, timeout })
    try {
        send.start(stream, request.bytes)
        const head = responseHead(request)
        const rest = await readHead(stream, head, timeout ?? 10000)
        checkHead(head, request)
        const { answer } = request
        const chunk = await readAnswer(stream, rest, answer, timeout ?? 10000)
        return new HixieConnection(
            stream,
            chunk,
            options.protocol || "",
            options,
            hasClose
        )
    } catch (e) {
        await stream.close()
        throw e
    }
}

/**
 * Reads what the server sends behind its headers.
 * @returns what comes behind it
 */
async function readAnswer(
    stream: Stream,
    received: Buffer,
    answer: Buffer,
    timeout: number
): Promise<Buffer> {
    const deadline = deadlineIn(timeout)
    const { length } = answer
    while (received.length < length) {
        const chunk = await stream.recv(timeLeft(deadline))
        if (!chunk) throw new StreamError("no answer to the keys")
        received = join(received, chunk)
    }
    if (received.slice(0, length).toString("hex") !== answer.toString("hex"))
        throw new ProtocolError("answer to the keys")
    return received.slice(length)
}

/** In a fiber of its own: while the link takes nothing, the timeout counts all the same. */
async function send(stream: Stream, request: Buffer) {
    try {
        await stream.send(request)
    } catch {
        await stream.close()
    }
}
