import { base64 } from "./base64"
import { ProtocolError } from "./codes"
import { HandshakeValue, Reply } from "./handshake-value"
import { ResponseHead } from "./response"
import { sha1 } from "./sha1"
import { Url } from "./url"

/** Appended to the key before hashing, RFC 6455, 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/** The last of the characters that separate elements of a list, and stand in no word. */
const COMMA = 0x2c

/** The headers of the response that matter. */
export const RESPONSE_HEADERS = [
    "upgrade",
    "connection",
    "sec-websocket-accept",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "location",
    "retry-after",
]

/**
 * The upgrade request, RFC 6455, 4.1.
 * @param key 16 random bytes in base64
 * @throws RangeError when a value has something that cannot be sent, TypeError when none takes the user and password of the URL
 */
export function upgradeRequest(
    url: Url,
    values: HandshakeValue[],
    key: string
): Buffer {
    const text =
        `GET ${url.target} HTTP/1.1\r\nHost: ${url.authority}\r\n` +
        `Upgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`
    return Buffer.from(text + headersOf(url, values) + "\r\n")
}

/**
 * The headers that the values make, each with its line end.
 * @throws as `upgradeRequest`
 */
export function headersOf(url: Url, values: HandshakeValue[]): string {
    let text = ""
    for (const value of values) text += value.request(url)
    if (url.userinfo !== undefined)
        throw new TypeError("user and password in the URL: give basic()")
    return text
}

/**
 * Checks that the response accepts this very request, RFC 6455, 4.1.
 * @param head of a response with the status 101
 * @returns what was agreed on
 * @throws ProtocolError that says which header is wrong or missing
 */
export function checkReply(
    head: ResponseHead,
    values: HandshakeValue[],
    key: string
): Reply {
    const { fields } = head
    const reply: Reply = { fields, protocol: "" }
    checkUpgrade(head)
    expect(
        fields["sec-websocket-accept"] ===
            base64(sha1(Buffer.from(key + GUID))),
        "sec-websocket-accept"
    )
    for (const value of values) if (value.reply) value.reply(reply)
    if (fields["sec-websocket-protocol"])
        expect(reply.protocol, "sec-websocket-protocol")
    if (fields["sec-websocket-extensions"])
        expect(reply.extension, "sec-websocket-extensions")
    return reply
}

/** Checks that the response switches to WebSocket. @throws ProtocolError */
export function checkUpgrade({ fields }: ResponseHead) {
    // Also for a header that is missing: "undefined" is neither.
    const upgrade = `${fields["upgrade"]}`
    expect(upgrade.toLowerCase() === "websocket", "upgrade")
    expect(hasUpgrade(fields["connection"]), "connection")
}

/** Whether a list, RFC 9110, 5.6.1, has the element `upgrade`, in whatever case. */
function hasUpgrade(list: string): boolean {
    list = `,${list},`.toLowerCase()
    for (let at = 0; (at = list.indexOf("upgrade", at + 1)) > 0;)
        if (list.charCodeAt(at - 1) <= COMMA)
            if (list.charCodeAt(at + 7) <= COMMA) return true
    return false
}

/** @param header of the response, whose name says what is wrong */
function expect(isRight: any, header: string) {
    if (!isRight) throw new ProtocolError(header)
}
