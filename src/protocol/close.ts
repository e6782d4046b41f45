import {
    CLOSE_INVALID_PAYLOAD,
    CLOSE_NORMAL,
    isCloseCode,
    MAX_CONTROL,
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
    if (code === undefined) {
        if (!reason) return Buffer.alloc(0)
        code = CLOSE_NORMAL
    }
    const length = reason.byteLength
    if (!isCloseCode(code) || length > MAX_CONTROL - 2)
        throw new RangeError(`close: code ${code}, reason of ${length} bytes`)
    const body = Buffer.alloc(2 + length)
    body[0] = code >> 8
    body[1] = code & 0xff
    body.blitAt(2, reason, 0, length)
    return body
}

/** The code in the payload of a Close frame; undefined without one. @throws ProtocolError */
export function closeCode(body: Buffer): number {
    if (!body.length) return undefined
    // Of one byte it is no number.
    const code = (body[0] << 8) | body[1]
    if (body.length < 2 || !isCloseCode(code))
        throw new ProtocolError("close code")
    return code
}

/** The reason in the payload of a Close frame. @throws ProtocolError */
export function closeReason(body: Buffer): string {
    const reason = decode(body.slice(2))
    if (reason === undefined)
        throw new ProtocolError("not UTF-8", CLOSE_INVALID_PAYLOAD)
    return reason
}
