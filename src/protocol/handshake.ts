import { base64 } from "./base64"
import { ProtocolError } from "./codes"
import { sha1 } from "./sha1"
import { Url } from "./url"

/** Largest reply header that is read, in bytes. */
const MAX_HEADER = 8192

/** Longest header of the reply in bytes that is looked into; of a longer one the rest is not kept. */
const MAX_LINE = 1024

/** Appended to the key before hashing, RFC 6455, 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/** The headers that the handshake sets itself. */
const OWN_HEADERS =
    " host upgrade connection origin authorization sec-websocket-key" +
    " sec-websocket-version sec-websocket-protocol sec-websocket-extensions "

/** The headers of the reply that matter. */
const READ_HEADERS =
    " location retry-after upgrade connection sec-websocket-accept" +
    " sec-websocket-protocol sec-websocket-extensions "

export interface HandshakeOptions {
    /** Subprotocols, the preferred one first. */
    protocols?: string[]
    /** More request headers, by name. */
    headers?: Record<string, string>
    /** `Origin` header. */
    origin?: string
}

/**
 * The server answered, but with another status than 101.
 * @devsWhenUsed
 */
export class HandshakeError extends Error {
    /** `Location` header, if any. */
    location: string
    /** `Retry-After` header, if any: seconds or a date. */
    retryAfter: string

    constructor(
        readonly status: number,
        readonly reason: string
    ) {
        super(`the server refused the upgrade: ${status} ${reason}`)
        this.name = "HandshakeError"
    }

    /** Whether another place is named, RFC 9110, 15.4. */
    isRedirect(): boolean {
        const { status, location } = this
        return (
            location !== undefined &&
            (status === 307 || status === 308 || (status > 300 && status < 304))
        )
    }
}

/**
 * The opening handshake of the client, RFC 6455, 4.1.
 * @devsWhenUsed
 */
export class Handshake {
    /** The subprotocol that the server chose; empty without one. */
    protocol = ""

    private readonly key: string
    /** Bytes of the reply so far. */
    private size = 0
    /** The beginning of a line whose end has not come yet. */
    private rest: Buffer
    /** The header being read: it may go on in the next line. */
    private header = ""
    private error: HandshakeError
    private status = 0
    private upgrade = ""
    private connection = ""
    private accept = ""

    /** @param nonce 16 random bytes */
    constructor(
        private readonly url: Url,
        private readonly options: HandshakeOptions,
        nonce: Buffer
    ) {
        this.key = base64(nonce)
    }

    /** The upgrade request. @throws TypeError, RangeError when an option can't be sent */
    request(): Buffer {
        const { url, options } = this
        let text =
            `GET ${url.target} HTTP/1.1\r\nHost: ${url.authority}\r\n` +
            `Upgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Key: ${this.key}\r\nSec-WebSocket-Version: 13\r\n`
        const protocols = options.protocols || []
        for (const name of protocols) {
            if (
                !isToken(name) ||
                protocols.indexOf(name) !== protocols.lastIndexOf(name)
            )
                throw new RangeError(
                    `subprotocol "${name}": expected distinct tokens`
                )
        }
        if (protocols.length)
            text += headerLine("Sec-WebSocket-Protocol", protocols.join(", "))
        if (options.origin) text += headerLine("Origin", options.origin)
        if (url.credentials)
            text += headerLine(
                "Authorization",
                "Basic " + base64(url.credentials)
            )
        const headers: Record<string, string> = options.headers || {}
        for (const name of Object.keys(headers)) {
            const reserved = OWN_HEADERS.indexOf(` ${name.toLowerCase()} `) >= 0
            const clash =
                name.toLowerCase() !== "authorization" || url.credentials
            if (!isToken(name) || (reserved && clash))
                throw new RangeError(`header "${name}" can't be set`)
            text += headerLine(name, headers[name])
        }
        return Buffer.from(text + "\r\n")
    }

    /**
     * Takes bytes of the reply.
     * @returns where the frames start in `chunk`, or -1 when the reply goes on
     * @throws ProtocolError, HandshakeError
     */
    receive(chunk: Buffer): number {
        let at = 0
        while (at < chunk.length) {
            const newline = chunk.indexOf(10, at)
            const end = newline < 0 ? chunk.length : newline + 1
            this.size += end - at
            if (this.size > MAX_HEADER)
                throw new ProtocolError(
                    `reply header longer than ${MAX_HEADER} bytes`
                )
            let line = chunk.slice(at, end)
            const rest = this.rest
            if (rest)
                line = rest.concat(
                    rest.length > MAX_LINE ? chunk.slice(end - 1, end) : line
                )
            at = end
            if (newline < 0) {
                this.rest = line
                return -1
            }
            this.rest = undefined
            const cr = line.length > 1 && line[line.length - 2] === 13
            // The line end stays while decoding: the VM reads beyond a buffer that ends inside a character.
            const text = line.toString()
            if (this.line(text.slice(0, text.length - (cr ? 2 : 1)))) return at
        }
        return -1
    }

    /** @returns true when the reply is complete and right */
    private line(text: string): boolean {
        if (!this.status) {
            this.statusLine(text)
            return false
        }
        // A line that starts with white space goes on from the last one: RFC 9112, 5.2.
        if (text && (text[0] === " " || text[0] === "\t")) {
            if (this.header.byteLength <= MAX_LINE) this.header += text
            return false
        }
        if (this.header) this.field(this.header)
        this.header = text
        return !text && this.complete()
    }

    private statusLine(text: string) {
        const status = parseInt(text.slice(9, 12))
        if (
            text.slice(0, 7) !== "HTTP/1." ||
            text[8] !== " " ||
            !(status >= 100)
        )
            throw new ProtocolError(
                `expected an HTTP/1.1 status line, got "${text.slice(0, 40)}"`
            )
        this.status = status
        if (status !== 101)
            this.error = new HandshakeError(status, text.slice(13))
    }

    private field(header: string) {
        const colon = header.indexOf(":")
        if (colon <= 0)
            throw new ProtocolError(
                `expected a header, got "${header.slice(0, 40)}"`
            )
        const name = header.slice(0, colon).toLowerCase()
        if (READ_HEADERS.indexOf(` ${name} `) < 0) return
        if (header.byteLength > MAX_LINE)
            throw new ProtocolError(
                `header "${name}" longer than ${MAX_LINE} bytes`
            )
        const value = header.slice(colon + 1).trim()
        if (this.error) {
            if (name === "location") {
                this.error.location = value
                this.error.message += `, to ${value}`
            } else if (name === "retry-after") this.error.retryAfter = value
        } else if (name === "upgrade") this.upgrade += value.toLowerCase()
        else if (name === "connection") this.connection += "," + value
        else if (name === "sec-websocket-accept") this.accept += value
        else if (name === "sec-websocket-protocol") this.protocol += value
        else if (name === "sec-websocket-extensions" && value)
            throw new ProtocolError(`extension "${value}" was not offered`)
    }

    private complete(): boolean {
        if (this.error) {
            // An interim response, RFC 9110, 15.2: the real one follows.
            if (this.status < 200) {
                this.status = 0
                this.error = undefined
                return false
            }
            throw this.error
        }
        if (this.upgrade !== "websocket")
            throw new ProtocolError(
                `Upgrade: expected websocket, got "${this.upgrade}"`
            )
        if (!hasToken(this.connection, "upgrade"))
            throw new ProtocolError(
                `Connection: expected Upgrade, got "${this.connection.slice(1)}"`
            )
        const expected = base64(sha1(Buffer.from(this.key + GUID)))
        if (this.accept !== expected)
            throw new ProtocolError(
                `Sec-WebSocket-Accept: expected ${expected}, got "${this.accept}"`
            )
        if (
            this.protocol &&
            (this.options.protocols || []).indexOf(this.protocol) < 0
        )
            throw new ProtocolError(
                `subprotocol "${this.protocol}" was not offered`
            )
        return true
    }
}

function headerLine(name: string, value: string): string {
    for (let i = 0; i < value.length; ++i) {
        const c = value.charCodeAt(i)
        if ((c < 0x20 && c !== 9) || c === 0x7f)
            throw new RangeError(
                `header "${name}": control character in the value`
            )
    }
    return `${name}: ${value}\r\n`
}

/** RFC 9110, 5.6.2. */
function isToken(text: string): boolean {
    for (let i = 0; i < text.length; ++i) {
        const c = text.charCodeAt(i)
        if (
            c <= 0x20 ||
            c >= 0x7f ||
            '"(),/:;<=>?@[\\]{}'.indexOf(text[i]) >= 0
        )
            return false
    }
    return text.length > 0
}

/** Whether a comma-separated list has the token, in whatever case. */
function hasToken(list: string, token: string): boolean {
    for (const item of list.toLowerCase().split(","))
        if (item.trim() === token) return true
    return false
}
