import { ProtocolError } from "../protocol/codes"
import {
    expectUpgrade,
    expectValue,
    Fields,
    Handshake,
    HandshakeOptions,
    headerLine,
    isToken,
    moreHeaders,
} from "../protocol/handshake"
import { md5 } from "./md5"
import { Random } from "../protocol/sender"
import { Url } from "../protocol/url"

/** Bytes of the server's answer to the keys. */
const ANSWER = 16

/** Random bytes that a key takes at most. */
const KEY_BYTES = 42

/** Characters that a key may have between its digits: U+0021 to U+002F, and U+003A to U+007E. */
const MARKS = 15
const LETTERS = 69

/**
 * The opening handshake of draft-hixie-75, 4.1. The server has to say the request's origin, URL and subprotocol.
 * @devsWhenUsed
 */
export class Handshake75 extends Handshake {
    /** What follows the request. */
    protected key3 = Buffer.alloc(0)
    private readonly origin: string

    /** @param prefix of the headers' names: draft-hixie-76 has another one */
    constructor(
        url: Url,
        options: HandshakeOptions,
        private readonly prefix = "WebSocket-"
    ) {
        super(
            url,
            options,
            undefined,
            ` location retry-after upgrade connection ${prefix}Origin ${prefix}Location ${prefix}Protocol `.toLowerCase()
        )
        const scheme = url.secure ? "https" : "http"
        this.origin =
            options.origin || `${scheme}://${url.authority.toLowerCase()}`
    }

    override request(): Buffer {
        const { url, options } = this
        const lines = [
            "Upgrade: WebSocket\r\n",
            "Connection: Upgrade\r\n",
            headerLine("Host", url.authority.toLowerCase()),
            headerLine("Origin", this.origin),
        ]
        const protocols = options.protocols || []
        if (protocols.length > 1)
            throw new RangeError(
                `${protocols.length} subprotocols: expected at most one in this version`
            )
        for (const name of protocols) {
            if (!isToken(name))
                throw new RangeError(`subprotocol "${name}": expected a token`)
            lines.push(headerLine(this.prefix + "Protocol", name))
        }
        for (const name of Object.keys(options.headers || {})) {
            const lower = name.toLowerCase()
            if (
                lower.indexOf("websocket-") === 0 ||
                lower.indexOf("sec-websocket-") === 0
            )
                throw new RangeError(`header "${name}" can't be set`)
        }
        lines.push(moreHeaders(url, options))
        this.addKeys(lines)
        let text = `GET ${url.target} HTTP/1.1\r\n`
        for (const line of lines) text += line
        return Buffer.from(text + "\r\n").concat(this.key3)
    }

    /** Adds the headers that only draft-hixie-76 has. */
    protected addKeys(_lines: string[]) {}

    /**
     * Takes what the server sends behind its headers.
     * @returns where the frames start in `chunk`, or -1 when there is more to come
     * @throws ProtocolError
     */
    receiveAnswer(_chunk: Buffer, at: number): number {
        return at
    }

    protected override check(fields: Fields) {
        const { url } = this
        const scheme = url.secure ? "wss" : "ws"
        expectUpgrade(fields)
        this.expect(fields, "Origin", this.origin)
        this.expect(
            fields,
            "Location",
            `${scheme}://${url.authority.toLowerCase()}${url.target}`
        )
        for (const name of this.options.protocols || []) {
            this.expect(fields, "Protocol", name)
            this.protocol = name
        }
    }

    private expect(fields: Fields, what: string, expected: string) {
        const name = this.prefix + what
        expectValue(name, expected, fields[name.toLowerCase()])
    }
}

/**
 * The opening handshake of draft-hixie-76, 4.1: with two numbers hidden in headers, and 8 bytes behind them; the server
 * answers with 16 bytes that follow from these.
 * @devsWhenUsed
 */
export class Handshake76 extends Handshake75 {
    private readonly key1: string
    private readonly key2: string
    private readonly answer = Buffer.alloc(ANSWER)
    /** Bytes of the answer so far. */
    private answered = 0

    constructor(
        url: Url,
        options: HandshakeOptions,
        private readonly random: Random
    ) {
        super(url, options, "Sec-WebSocket-")
        this.key1 = newKey(random)
        this.key2 = newKey(random)
        this.key3 = random(8)
    }

    protected override addKeys(lines: string[]) {
        lines.push(`Sec-WebSocket-Key1: ${this.key1}\r\n`)
        lines.push(`Sec-WebSocket-Key2: ${this.key2}\r\n`)
        // In random order: step 25.
        const order = this.random(lines.length)
        for (let i = lines.length - 1; i > 0; --i) {
            const j = order[i] % (i + 1)
            const line = lines[i]
            lines[i] = lines[j]
            lines[j] = line
        }
    }

    override receiveAnswer(chunk: Buffer, at: number): number {
        const { answer, answered, key1, key2, key3 } = this
        const size = Math.min(ANSWER - answered, chunk.length - at)
        answer.blitAt(answered, chunk, at, size)
        this.answered = answered + size
        if (this.answered < ANSWER) return -1
        const expected = keyAnswer(key1, key2, key3).toString("hex")
        const actual = answer.toString("hex")
        if (actual !== expected)
            throw new ProtocolError(
                `answer to the keys: expected ${expected}, got ${actual}`
            )
        return at + size
    }
}

/** What a server answers, draft-hixie-76, 5.2: the MD5 sum of the keys' numbers and the 8 bytes. */
export function keyAnswer(key1: string, key2: string, key3: Buffer): Buffer {
    const challenge = Buffer.alloc(16)
    storeNumber(challenge, 0, key1)
    storeNumber(challenge, 4, key2)
    challenge.blitAt(8, key3, 0, 8)
    return md5(challenge)
}

/** The number of a key, that of its digits divided by the count of its spaces, with the highest byte first. */
function storeNumber(target: Buffer, at: number, key: string) {
    let number = 0
    let spaces = 0
    for (let i = 0; i < key.length; ++i) {
        const digit = key.charCodeAt(i) - 0x30
        if (digit >= 0 && digit <= 9) number = number * 10 + digit
        else if (key[i] === " ") spaces++
    }
    number /= spaces
    for (let i = at + 3; i >= at; --i) {
        // Not `%`: the VM takes its operands for int32.
        const rest = Math.floor(number / 256)
        target[i] = number - rest * 256
        number = rest
    }
}

/**
 * A key, draft-hixie-76, 4.1, steps 16 to 22: the decimal digits of a number times a count of 1 to 12, 1 to 12 other
 * characters anywhere among them, and as many spaces as the count, not at an end.
 */
export function newKey(random: Random): string {
    const bytes = random(KEY_BYTES)
    const spaces = 1 + (bytes[0] % 12)
    let fraction = 0
    for (let i = 1; i < 5; ++i) fraction = (fraction + bytes[i]) / 256
    const numbers = Math.floor(0xffffffff / spaces) + 1
    let key = "" + Math.floor(fraction * numbers) * spaces
    const marks = 1 + (bytes[5] % 12)
    let next = 6
    for (let i = 0; i < marks; ++i) {
        const mark = bytes[next++] % (MARKS + LETTERS)
        const code = mark < MARKS ? 0x21 + mark : 0x3a - MARKS + mark
        const at = bytes[next++] % (key.length + 1)
        key = insert(key, at, String.fromCharCode(code))
    }
    for (let i = 0; i < spaces; ++i)
        key = insert(key, 1 + (bytes[next++] % (key.length - 1)), " ")
    return key
}

function insert(text: string, at: number, char: string): string {
    return text.slice(0, at) + char + text.slice(at)
}
