/** Opcodes of RFC 6455, 5.2. */
export const OP_CONTINUATION = 0x0
export const OP_TEXT = 0x1
export const OP_BINARY = 0x2
export const OP_CLOSE = 0x8
export const OP_PING = 0x9
export const OP_PONG = 0xa

/** Bits of a frame's first byte, RFC 6455, 5.2. */
export const FIN = 0x80
export const RSV = 0x70

/** Bit of a frame's second byte. */
export const MASK = 0x80

/** Close codes of RFC 6455, 7.4.1. */
export const CLOSE_NORMAL = 1000
const CLOSE_PROTOCOL_ERROR = 1002
export const CLOSE_NO_STATUS = 1005
export const CLOSE_ABNORMAL = 1006
export const CLOSE_INVALID_PAYLOAD = 1007
export const CLOSE_POLICY_VIOLATION = 1008
export const CLOSE_TOO_BIG = 1009

/** What the peer did against the protocol or against our limits. */
export class ProtocolError extends Error {
    /** @param code the close code that tells the peer */
    constructor(
        message: string,
        readonly code: number = CLOSE_PROTOCOL_ERROR
    ) {
        super(message)
        this.name = "ProtocolError"
    }
}

/**
 * Whether a Close frame may carry the code: those of RFC 6455, 7.4.1, those registered with IANA since (1012-1014),
 * and the ranges for libraries and applications (7.4.2).
 */
export function isCloseCode(code: number): boolean {
    if (code > 2999) return code < 5000
    // a shift looks at the last five bits of its count only
    if (code < 1000 || code > 1014) return false
    return ((REGISTERED >> (code - 1000)) & 1) === 1
}

/** Bit by bit from 1000 on. */
const REGISTERED = 0b111111110001111
