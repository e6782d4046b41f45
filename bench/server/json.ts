/** JSON such as sensors send, and frames of it. */
import { constants, deflateRawSync } from "node:zlib"

/** An array of readings; `length` bytes, ASCII. */
export function jsonOf(length: number): string {
    const readings = Array.from({ length: Math.ceil(length / 40) }, (_, i) =>
        JSON.stringify({
            sensor: `room ${i % 7}`,
            time: 1_700_000_000 + 17 * i,
            value: ((i * 7919) % 1000) / 10,
        })
    )
    return `[${readings.join(",")}`.slice(0, length - 1) + "]"
}

/** The window that the server holds clients to. */
const WINDOW_BITS = 11

/** A client's compressed text message, masked with zeros (RFC 7692 section 7.2.1); at most 64 KB of it. */
export function compressedFrame(text: string): Buffer {
    const payload = deflateRawSync(text, {
        windowBits: WINDOW_BITS,
        finishFlush: constants.Z_SYNC_FLUSH,
    }).subarray(0, -4)
    const { length } = payload
    const head =
        length < 126
            ? [0xc1, 0x80 | length]
            : [0xc1, 0xfe, length >> 8, length & 0xff]
    return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload])
}
