import type { SendBuffer } from "./send-buffer.ts"

/** What TLS 1.2 with AES-GCM adds to a record: header, nonce and tag (RFC 5246, 6.2.3; RFC 5288, 3). */
const RECORD_OVERHEAD = 29

/** sock_mbedtls_write() of the ESP32's firmware around mbedtls_ssl_write(). */
export class TlsWriter {
    /** Bytes of a record that found no room, and what the peer gets when they are out. */
    private left?: { size: number; bytes: Uint8Array }

    constructor(private readonly sending: SendBuffer) {}

    /** @returns false when it is lost, which the firmware does not say: it only sends what is left of the record before */
    write(bytes: Uint8Array): boolean {
        const isNew = !this.left
        this.left ??= { size: bytes.length + RECORD_OVERHEAD, bytes }
        // MBEDTLS_ERR_SSL_WANT_WRITE is below 0, and to an unsigned length that is a lot: "done"
        this.flush(this.left)
        return isNew
    }

    private flush(left: { size: number; bytes: Uint8Array }) {
        const { sending } = this
        const size = Math.min(left.size, sending.room)
        left.size -= size
        if (left.size) {
            if (size) sending.push(size)
            return
        }
        sending.push(size, left.bytes)
        this.left = undefined
    }
}
