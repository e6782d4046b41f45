import {
    constants,
    deflateRaw,
    deflateRawSync,
    inflateRaw,
    inflateRawSync,
    type ZlibOptions,
} from "node:zlib"

/** Longer messages are left to zlib's threads; to hand over a shorter one takes longer than its compression. */
const LARGE = 64 * 1024

/** What a message is to be inflated with. */
export interface InflateOptions {
    /** What its references may go back to, besides itself */
    dictionary?: Buffer
    windowBits: number
    /** Bytes that it may come to */
    limit: number
}

/** What became of a message. */
export type Inflated =
    | { kind: "message"; data: Buffer }
    /** It comes to more bytes than it may */
    | { kind: "too long" }
    /** It is no DEFLATE data, or only the beginning of it */
    | { kind: "broken"; error: Error }

/**
 * The four bytes that a message goes without (RFC 7692 section 7.2.1), then a final block that is empty. zlib cannot
 * say whether its input ended between two blocks; behind a message that was cut off it does not find that block.
 */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x03, 0x00])

/** Bytes at the end of a message that are not sent. */
const CUT = 4

/** Inflates a message; calls back at once unless it is large. */
export function inflateMessage(
    payload: Buffer,
    { limit, ...options }: InflateOptions,
    done: (inflated: Inflated) => void
): void {
    const input = Buffer.concat([payload, TAIL])
    const within = (maxOutputLength: number): ZlibOptions => ({
        ...options,
        maxOutputLength,
        chunkSize: Math.min(LARGE, 1024 + 4 * payload.length),
    })
    if (payload.length <= LARGE) {
        const inflated = attempt(() =>
            inflateRawSync(input, within(Math.min(limit, LARGE)))
        )
        if (inflated.kind !== "too long" || limit <= LARGE)
            return done(inflated)
    }
    inflateRaw(input, within(limit), (error, data) =>
        done(error ? failed(error) : { kind: "message", data })
    )
}

function attempt(inflate: () => Buffer): Inflated {
    try {
        return { kind: "message", data: inflate() }
    } catch (error) {
        return failed(error as NodeJS.ErrnoException)
    }
}

function failed(error: NodeJS.ErrnoException): Inflated {
    const isTooLong = error.code === "ERR_BUFFER_TOO_LARGE"
    return isTooLong ? { kind: "too long" } : { kind: "broken", error }
}

/** Compresses a message by itself; calls back at once unless it is large. */
export function deflateMessage(
    data: Buffer,
    maxWindowBits: number,
    done: (payload: Buffer) => void
): void {
    const bits = windowBitsFor(data.length)
    const options: ZlibOptions = {
        // a third of the time of the default, for a twentieth more bytes of JSON
        level: constants.Z_BEST_SPEED,
        windowBits: Math.min(maxWindowBits, bits),
        memLevel: Math.min(8, bits - 6),
        finishFlush: constants.Z_SYNC_FLUSH,
        chunkSize: data.length + (data.length >> 6) + 64,
    }
    if (data.length <= LARGE)
        return done(withoutTail(deflateRawSync(data, options)))
    deflateRaw(data, options, (error, payload) => {
        // zlib fails for want of memory only
        if (error) throw error
        done(withoutTail(payload))
    })
}

const withoutTail = (payload: Buffer) => payload.subarray(0, -CUT)

/** zlib refers back to as much as its window, less 262 bytes; to set up a longer window than a message needs takes time. */
function windowBitsFor(length: number): number {
    return Math.min(15, Math.max(9, Math.ceil(Math.log2(length + 262))))
}
