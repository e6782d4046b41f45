/** TLS 1.2 by a pre-shared key over any network. */
import { deadlineIn } from "../../fiber/deadline"
import { Dial } from "../stream"
import { handshake } from "./handshake"
import { end, TlsStream } from "./tls-stream"

const DEFAULT_TIMEOUT = 30000
const COLON = 58

export interface TlsOptions {
    /** What the server knows the key by, 1 to 128 bytes of UTF-8. */
    identity: string
    /** 16 to 64 random bytes: whoever records a connection can try keys on it for as long as they like. */
    key: Buffer
}

/**
 * Puts TLS over a network, for addresses that are `secure`: TLS_PSK_WITH_CHACHA20_POLY1305_SHA256. There is no forward
 * secrecy: whoever gets hold of the key can read what was recorded before.
 * @throws RangeError for a key or an identity that is too short or too long
 */
export function tls(dial: Dial, options: TlsOptions): Dial {
    const { key } = options
    const identity = Buffer.from(options.identity)
    checkLength("key", key, 16, 64)
    checkLength("identity", identity, 1, 128)
    return async address => {
        if (!address.secure) return await dial(address)
        const { host, port } = address
        const timeout = address.timeout || DEFAULT_TIMEOUT
        const deadline = deadlineIn(timeout)
        const stream = new TlsStream(await dial({ host, port, timeout }))
        try {
            const name = isName(host) ? host : ""
            await handshake(stream, identity, key, name, deadline)
        } catch (e) {
            await end(stream, e as Error)
            throw e
        }
        return stream
    }
}

/** A host name has a letter and no colon. */
function isName(host: string): boolean {
    let hasLetter = false
    for (let i = 0; i < host.length; ++i) {
        const code = host.charCodeAt(i)
        if (code === COLON) return false
        if (code > COLON) hasLetter = true
    }
    return hasLetter
}

function checkLength(what: string, data: Buffer, min: number, max: number) {
    const { length } = data
    if (length < min || length > max)
        throw new RangeError(
            `tls: ${what}: expected ${min} to ${max} bytes, got ${length}`
        )
}
