import { base64 } from "./base64"
import { ProtocolError } from "./codes"
import { sha1 } from "./sha1"
import { percentDecode, Url } from "./url"

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

/** Values of the reply's headers by name in lower case; those of several headers of one name joined by commas. */
export interface Fields {
    upgrade?: string
    connection?: string
    location?: string
    [name: string]: string
}

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
    /**
     * @param location `Location` header, if any
     * @param retryAfter `Retry-After` header, if any: seconds or a date
     */
    constructor(
        readonly status: number,
        readonly reason: string,
        readonly location?: string,
        readonly retryAfter?: string
    ) {
        super(
            `the server refused the upgrade: ${status} ${reason}` +
                (location === undefined ? "" : `, to ${location}`)
        )
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

    /** Bytes of the reply so far. */
    private size = 0
    /** The beginning of a line whose end has not come yet. */
    private rest: Buffer
    /** The header being read: it may go on in the next line. */
    private header = ""
    private status = 0
    private reason: string
    private fields: Fields = {}

    /**
     * @param key 16 random bytes in base64
     * @param names the headers of the reply that matter, in lower case, with a space before and behind each
     */
    constructor(
        protected readonly url: Url,
        protected readonly options: HandshakeOptions,
        private readonly key: string,
        private readonly names = READ_HEADERS
    ) {}

    /** The upgrade request. @throws TypeError, RangeError when an option can't be sent */
    request(): Buffer {
        const { url, options } = this
        let text =
            `GET ${url.target} HTTP/1.1\r\nHost: ${url.authority}\r\n` +
            `Upgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Key: ${this.key}\r\nSec-WebSocket-Version: 13\r\n`
        const protocols = options.protocols || []
        for (let i = 0; i < protocols.length; ++i) {
            const name = protocols[i]
            if (!isToken(name) || protocols.indexOf(name) < i)
                throw new RangeError(
                    `subprotocol "${name}": expected distinct tokens`
                )
        }
        if (protocols.length)
            text += headerLine("Sec-WebSocket-Protocol", protocols.join(", "))
        if (options.origin) text += headerLine("Origin", options.origin)
        return Buffer.from(text + moreHeaders(url, options) + "\r\n")
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
        this.reason = text.slice(13)
    }

    private field(header: string) {
        const colon = header.indexOf(":")
        if (colon <= 0)
            throw new ProtocolError(
                `expected a header, got "${header.slice(0, 40)}"`
            )
        const name = header.slice(0, colon).toLowerCase()
        if (this.names.indexOf(` ${name} `) < 0) return
        if (header.byteLength > MAX_LINE)
            throw new ProtocolError(
                `header "${name}" longer than ${MAX_LINE} bytes`
            )
        const value = header.slice(colon + 1).trim()
        const { fields } = this
        const before = fields[name]
        fields[name] = before === undefined ? value : `${before},${value}`
    }

    private complete(): boolean {
        const { status, fields } = this
        if (status === 101) {
            this.check(fields)
            return true
        }
        if (status >= 200)
            throw new HandshakeError(
                status,
                this.reason,
                fields.location,
                fields["retry-after"]
            )
        // An interim response, RFC 9110, 15.2: the real one follows.
        this.status = 0
        this.fields = {}
        return false
    }

    /** Whether the reply accepts this very request. @throws ProtocolError */
    protected check(fields: Fields) {
        expectUpgrade(fields)
        expectValue(
            "Sec-WebSocket-Accept",
            base64(sha1(Buffer.from(this.key + GUID))),
            fields["sec-websocket-accept"]
        )
        const extensions = fields["sec-websocket-extensions"]
        if (extensions)
            throw new ProtocolError(`extension "${extensions}" was not offered`)
        const protocol = fields["sec-websocket-protocol"]
        if (!protocol) return
        if ((this.options.protocols || []).indexOf(protocol) < 0)
            throw new ProtocolError(`subprotocol "${protocol}" was not offered`)
        this.protocol = protocol
    }
}

/** The headers of the reply that say that the protocol changes. @throws ProtocolError */
export function expectUpgrade(fields: Fields) {
    const connection = fields.connection || ""
    expectValue("Upgrade", "websocket", (fields.upgrade || "").toLowerCase())
    if (!hasToken(connection, "upgrade"))
        throw new ProtocolError(
            `Connection: expected Upgrade, got "${connection}"`
        )
}

/** @throws ProtocolError when a header of the reply has another value */
export function expectValue(name: string, expected: string, value = "") {
    if (value !== expected)
        throw new ProtocolError(`${name}: expected ${expected}, got "${value}"`)
}

/** `Authorization` and the program's own headers, each with its line end. @throws RangeError when they can't be sent */
export function moreHeaders(url: Url, options: HandshakeOptions): string {
    let text = ""
    if (url.userinfo !== undefined) text += basicOfUrl(url)
    const headers: Record<string, string> = options.headers || {}
    for (const name of Object.keys(headers)) {
        const reserved = OWN_HEADERS.indexOf(` ${name.toLowerCase()} `) >= 0
        const clash = name.toLowerCase() !== "authorization" || url.userinfo
        if (!isToken(name) || (reserved && clash))
            throw new RangeError(`header "${name}" can't be set`)
        text += headerLine(name, headers[name])
    }
    return text
}

function basicOfUrl(url: Url): string {
    return headerLine(
        "Authorization",
        "Basic " + base64(percentDecode(url.userinfo))
    )
}

/** A header with its line end. @throws RangeError when it can't be sent */
export function headerLine(name: string, value: string): string {
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
export function isToken(text: string): boolean {
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
    let rest = list.toLowerCase() + ","
    while (rest) {
        const comma = rest.indexOf(",")
        if (rest.slice(0, comma).trim() === token) return true
        rest = rest.slice(comma + 1)
    }
    return false
}
