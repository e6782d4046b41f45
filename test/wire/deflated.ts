/** Compressed messages as a sender of RFC 7692 leaves them. */
import { constants, deflateRawSync, type ZlibOptions } from "node:zlib"

/** What it leaves out at the end of a message, RFC 7692, 7.2.1. */
export const TAIL = Buffer.from("0000ffff", "hex")

/** A message that zlib has deflated. */
export function deflated(
    data: string | Uint8Array,
    options: ZlibOptions = {}
): Buffer {
    const finishFlush = constants.Z_SYNC_FLUSH
    const whole = deflateRawSync(data, { ...options, finishFlush })
    return whole.subarray(0, -TAIL.length)
}
