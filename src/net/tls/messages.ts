/** Handshake messages (RFC 5246, 7.4), as far as a client with a pre-shared key needs them (RFC 4279). */
import { u16 } from "../byte-order"
import {
    DECODE_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    PROTOCOL_VERSION,
    TlsError,
    UNSUPPORTED_EXTENSION,
} from "./alert"
import { join, vector } from "./bytes"

export const SERVER_HELLO = 2
export const SERVER_KEY_EXCHANGE = 12
export const SERVER_HELLO_DONE = 14
export const CLIENT_KEY_EXCHANGE = 16
export const FINISHED = 20
const CLIENT_HELLO = 1

/** Type and length before the body of a message. */
export const MESSAGE_HEADER = 4

/** RFC 7905, 2 */
const TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccab

/** Extensions as they are offered and agreed to, in hex: RFC 7627, 5.1; RFC 5746, 3.2; RFC 6066, 3 and 4. */
const EXTENDED_MASTER_SECRET = "00170000"
const RENEGOTIATION_INFO = "ff01000100"
const MAX_FRAGMENT_LENGTH = "0001000102"
const SERVER_NAME = "00000000"

/** Bytes in a record at most, if the server agrees to `MAX_FRAGMENT_LENGTH`. */
export const FRAGMENT = 1024

export interface ServerHello {
    random: Buffer
    /** It agrees to `FRAGMENT`. */
    hasFragments: boolean
}

/** A message with type and length. */
export function handshakeMessage(type: number, body: Buffer): Buffer {
    return join(Buffer.from([type, 0]), vector(body))
}

/** @param name the server's; empty without one */
export function clientHello(random: Buffer, name: string): Buffer {
    let extensions = Buffer.from(
        EXTENDED_MASTER_SECRET + RENEGOTIATION_INFO + MAX_FRAGMENT_LENGTH,
        "hex"
    )
    if (name) {
        const entry = join(hex`00`, vector(Buffer.from(name)))
        extensions = join(extensions, join(hex`0000`, vector(vector(entry))))
    }
    // version, random; no session, one suite, no compression
    return handshakeMessage(
        CLIENT_HELLO,
        join(
            join(hex`0303`, random),
            join(hex`00 0002ccab 0100`, vector(extensions))
        )
    )
}

/** @throws TlsError */
export function parseServerHello(body: Buffer): ServerHello {
    if (body.length < 38) throw malformed()
    if (u16(body, 0) !== 0x0303) throw new TlsError("version", PROTOCOL_VERSION)
    // its session identifier is of no use here
    const at = 35 + body[34]
    if (at + 3 > body.length) throw malformed()
    if (
        u16(body, at) !== TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 ||
        body[at + 2] !== 0
    )
        throw new TlsError("choice", ILLEGAL_PARAMETER)
    return {
        random: body.slice(2, 34),
        hasFragments: parseExtensions(body, at + 3),
    }
}

/** @returns whether the server agrees to `FRAGMENT` */
function parseExtensions(body: Buffer, at: number): boolean {
    let hasFragments = false
    let hasSecret = false
    let hasRenegotiation = false
    const { length } = body
    if (at + 2 <= length) {
        if (at + 2 + u16(body, at) !== length) throw malformed()
        at += 2
    }
    while (at < length) {
        const end = at + 4 + u16(body, at + 2)
        if (at + 4 > length || end > length) throw malformed()
        const extension = body.slice(at, end).toString("hex")
        at = end
        if (extension === EXTENDED_MASTER_SECRET) hasSecret = true
        else if (extension === RENEGOTIATION_INFO) hasRenegotiation = true
        else if (extension === MAX_FRAGMENT_LENGTH) hasFragments = true
        else if (extension !== SERVER_NAME)
            throw new TlsError("extension", UNSUPPORTED_EXTENSION)
    }
    if (!hasSecret || !hasRenegotiation)
        throw new TlsError("missing extension", HANDSHAKE_FAILURE)
    return hasFragments
}

function malformed() {
    return new TlsError("malformed message", DECODE_ERROR)
}
