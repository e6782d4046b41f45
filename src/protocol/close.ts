import {
    CLOSE_INVALID_PAYLOAD,
    CLOSE_NO_STATUS,
    CLOSE_NORMAL,
    isCloseCode,
    ProtocolError,
} from "./codes"
import { decode } from "./utf8"

/**
 * Payload of a Close frame, RFC 6455, 5.5.1.
 * @param code see `isCloseCode`; without it the payload is empty, or says 1000 when there is a reason
 * @param reason at most 123 bytes of UTF-8
 * @throws RangeError
 */
export function closeBody(code: number, reason = ""): Buffer {
    const length = reason.byteLength
    if (code === undefined) {
        if (!length) return Buffer.alloc(0)
        code = CLOSE_NORMAL
    }
    if (length > 123 || !isCloseCode(code))
        throw new RangeError(`close: ${code}, reason of ${length} bytes`)
    const body = Buffer.alloc(2 + length)
    body[0] = code >> 8
    body[1] = code & 0xff
    body.blitAt(2, reason, 0, length)
    return body
}

/** The code in the payload of a Close frame, 1005 without one. @throws ProtocolError */
export function closeCode(body: Buffer): number {
    if (!body.length) return CLOSE_NO_STATUS
    // One byte is not a code.
    const code = (body[0] << 8) | body[1]
    if (!isCloseCode(code)) throw new ProtocolError("close code")
    return code
}

/** The reason in the payload of a Close frame. @throws ProtocolError */
export function closeReason(body: Buffer): string {
    const reason = decode(body.slice(2))
    if (reason === undefined) throw notUtf8()
    return reason
}

export function notUtf8(): ProtocolError {
    return new ProtocolError("not UTF-8", CLOSE_INVALID_PAYLOAD)
}
