/** TLS records (RFC 5246, 6.2), protected by ChaCha20 and Poly1305 (RFC 7905, RFC 8439, 2.8). */
import { sleep } from "../../fiber/clock"
import { setU16 } from "../byte-order"
import { BAD_RECORD_MAC, INTERNAL_ERROR, TlsError } from "./alert"
import { isSame } from "./bytes"
import { COUNTER, encipher, nextBlock, Words } from "./chacha20"
import { finish, Poly1305, poly1305, update } from "./poly1305"

/** Content types (RFC 5246, 6.2.1). */
export const CHANGE_CIPHER_SPEC = 20
export const ALERT = 21
export const HANDSHAKE = 22
export const APPLICATION_DATA = 23

/** Type, version and length before the content, and what protection adds behind it. */
export const HEADER = 5
export const TAG = 16

/** Bytes that are enciphered at a stretch: the VM ends a program that takes more than some 1,300 without a pause. */
const STRETCH = 512
/** Records in one direction; sequence numbers must not wrap (RFC 5246, 6.1). */
const MOST_RECORDS = 0x7fffffff

/** What protects one direction. */
export interface Protection {
    /** ChaCha20's, with the key. */
    state: Words
    iv: Buffer
    /** Number of the next record. */
    sequence: number
}

/** A record as it goes onto the wire before there are keys. */
export function plainRecord(type: number, data: Buffer, extra = 0): Buffer {
    const { length } = data
    const record = Buffer.alloc(HEADER + length + extra)
    record[0] = type
    record[1] = 3
    record[2] = 3
    setU16(record, 3, length + extra)
    record.blitAt(HEADER, data, 0, length)
    return record
}

/** A protected record as it goes onto the wire. */
export async function protect(
    protection: Protection,
    type: number,
    data: Buffer
): Promise<Buffer> {
    const record = plainRecord(type, data, TAG)
    const end = HEADER + data.length
    const mac = startRecord(protection, record)
    for (let at = HEADER; at < end; at += STRETCH) {
        const size = Math.min(STRETCH, end - at)
        encipher(protection.state, record, at, size)
        update(mac, record, at, size)
        await sleep(0)
    }
    record.blitAt(end, finishTag(mac, data.length), 0, TAG)
    return record
}

/**
 * Checks a record, header and all, and then deciphers it in place.
 * @returns its content
 * @throws TlsError when somebody has changed, repeated, reordered or forged it
 */
export async function unprotect(
    protection: Protection,
    record: Buffer
): Promise<Buffer> {
    const end = record.length - TAG
    if (end < HEADER) throw new TlsError("bad record", BAD_RECORD_MAC)
    const mac = startRecord(protection, record)
    for (let at = HEADER; at < end; at += 4 * STRETCH) {
        update(mac, record, at, Math.min(4 * STRETCH, end - at))
        await sleep(0)
    }
    if (!isSame(record, end, finishTag(mac, end - HEADER)))
        throw new TlsError("bad record", BAD_RECORD_MAC)
    for (let at = HEADER; at < end; at += STRETCH) {
        encipher(protection.state, record, at, Math.min(STRETCH, end - at))
        await sleep(0)
    }
    return record.slice(HEADER, end)
}

/**
 * Sets the nonce of the next record. Block 0 of its key stream has the key of the tag, its content begins with block 1.
 * @returns the tag, which has the additional data (RFC 5246, 6.2.3.3)
 */
function startRecord(protection: Protection, record: Buffer): Poly1305 {
    const { state, iv, sequence } = protection
    if (sequence >= MOST_RECORDS)
        throw new TlsError("too many records", INTERNAL_ERROR)
    protection.sequence++
    // sequence number, type, version, length; zeros to the end of the block
    const data = Buffer.alloc(16)
    setU16(data, 4, sequence >>> 16)
    setU16(data, 6, sequence & 0xffff)
    data.blitAt(8, record, 0, 3)
    setU16(data, 11, record.length - HEADER - TAG)
    // RFC 7905, 2: the IV, XORed with the sequence number
    state[COUNTER] = 0
    state[COUNTER + 1] = iv.getAt(0, "i32")
    state[COUNTER + 2] = iv.getAt(4, "i32")
    state[COUNTER + 3] = iv.getAt(8, "i32") ^ data.getAt(4, "i32")
    const once: Words = []
    nextBlock(state, once)
    const mac = poly1305(once)
    update(mac, data, 0, 16)
    return mac
}

/** The lengths of additional data and content end what the tag covers (RFC 8439, 2.8). */
function finishTag(mac: Poly1305, length: number): Buffer {
    const data = Buffer.alloc(16)
    data[0] = 13
    data.setAt(8, "u16", length)
    update(mac, data, 0, 16)
    return finish(mac)
}
