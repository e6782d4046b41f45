import { StreamError } from "../stream"

/** Alert descriptions: RFC 5246, 7.2. */
export const CLOSE_NOTIFY = 0
const UNEXPECTED_MESSAGE = 10
export const BAD_RECORD_MAC = 20
export const RECORD_OVERFLOW = 22
export const HANDSHAKE_FAILURE = 40
export const ILLEGAL_PARAMETER = 47
export const DECODE_ERROR = 50
export const DECRYPT_ERROR = 51
export const PROTOCOL_VERSION = 70
export const INTERNAL_ERROR = 80
export const UNSUPPORTED_EXTENSION = 110

/** What is wrong with what the server sent; an alert tells it. */
export class TlsError extends StreamError {
    constructor(
        message: string,
        /** Its description. */
        readonly alert: number
    ) {
        super(`tls: ${message}`)
        this.name = "TlsError"
    }
}

/** @throws TlsError for a message that has no place here */
export function expect(condition: boolean) {
    if (!condition) throw new TlsError("unexpected message", UNEXPECTED_MESSAGE)
}
