import { ProtocolError } from "../protocol/codes"
import { HandshakeValue } from "../protocol/handshake-value"
import { checkUpgrade, headersOf } from "../protocol/opening-handshake"
import { ResponseHead } from "../protocol/response"
import { Url } from "../protocol/url"
import { headerLine, isToken } from "../websocket/headers"
import { keyAnswer, newKey, Random } from "./keys"

export interface HixieHandshakeOptions {
    /** The subprotocol; the server has to agree. */
    protocol?: string
    /** `Origin` header. Default the server's own site. */
    origin?: string
    /** What else goes into the handshake: `basic(…)`, `headers({…})`. */
    handshake?: HandshakeValue[]
}

/** What a request asks for, and what accepts it. */
export interface HixieRequest {
    bytes: Buffer
    /** What the response has to say, by the header's name in lower case. */
    expected: Record<string, string>
    /** What follows the response's head. */
    answer: Buffer
}

/**
 * The request of draft-hixie-75, 4.1.
 * @throws RangeError when an option can't be sent
 */
export function request75(
    url: Url,
    options: HixieHandshakeOptions
): HixieRequest {
    const { lines, expected } = linesOf(url, options, "WebSocket-")
    return {
        bytes: Buffer.from(join(url, lines)),
        expected,
        answer: Buffer.alloc(0),
    }
}

/**
 * The request of draft-hixie-76, 4.1: with two numbers hidden in headers, and 8 bytes behind them; the server answers with 16 bytes
 * that follow from these.
 * @throws RangeError when an option can't be sent
 */
export function request76(
    url: Url,
    options: HixieHandshakeOptions,
    random: Random
): HixieRequest {
    const { lines, expected } = linesOf(url, options, "Sec-WebSocket-")
    const key1 = newKey(random)
    const key2 = newKey(random)
    const key3 = random(8)
    lines.push(headerLine("Sec-WebSocket-Key1", key1))
    lines.push(headerLine("Sec-WebSocket-Key2", key2))
    // In random order: step 25.
    const order = random(lines.length)
    for (let i = lines.length - 1; i > 0; --i) {
        const j = order[i] % (i + 1)
        const line = lines[i]
        lines[i] = lines[j]
        lines[j] = line
    }
    return {
        bytes: Buffer.from(join(url, lines)).concat(key3),
        expected,
        answer: keyAnswer(key1, key2, key3),
    }
}

function join(url: Url, lines: string[]): string {
    let text = `GET ${url.target} HTTP/1.1\r\n`
    for (const line of lines) text += line
    return text + "\r\n"
}

/** The headers of a request. @param prefix of the drafts' own ones */
function linesOf(url: Url, options: HixieHandshakeOptions, prefix: string) {
    const authority = url.authority.toLowerCase()
    const s = url.secure ? "s" : ""
    const { protocol } = options
    const origin = options.origin || `http${s}://${authority}`
    const lines = [
        "Upgrade: WebSocket\r\n",
        "Connection: Upgrade\r\n",
        headerLine("Host", authority),
        headerLine("Origin", origin),
    ]
    const expected: Record<string, string> = {}
    const name = prefix.toLowerCase()
    expected[name + "origin"] = origin
    expected[name + "location"] = `ws${s}://${authority}${url.target}`
    if (protocol !== undefined) {
        if (!isToken(protocol))
            throw new RangeError(`subprotocol "${protocol}": expected a token`)
        lines.push(headerLine(prefix + "Protocol", protocol))
        expected[name + "protocol"] = protocol
    }
    const more = headersOf(url, options.handshake || [])
    checkHeaders(more)
    lines.push(more)
    return { lines, expected }
}

/** @throws RangeError when there is a header that only the draft sets */
function checkHeaders(lines: string) {
    const lower = "\r\n" + lines.toLowerCase()
    ;["origin:", "websocket-", "sec-websocket-"].forEach(name => {
        if (lower.indexOf("\r\n" + name) >= 0)
            throw new RangeError(
                `header "${name}" can't be set: give the options origin and protocol`
            )
    })
}

/** The head of a response to the request. */
export function responseHead(request: HixieRequest): ResponseHead {
    const names = Object.keys(request.expected)
    names.push("upgrade", "connection", "location", "retry-after")
    return new ResponseHead(names)
}

/**
 * Checks that a response accepts the request.
 * @throws ProtocolError that says which header is wrong or missing
 */
export function checkHead(head: ResponseHead, { expected }: HixieRequest) {
    checkUpgrade(head)
    for (const name of Object.keys(expected))
        if (head.fields[name] !== expected[name]) throw new ProtocolError(name)
}
