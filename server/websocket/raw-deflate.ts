import {
    constants,
    deflateRaw,
    deflateRawSync,
    inflateRaw,
    inflateRawSync,
    type InflateRaw,
    type ZlibOptions,
} from "node:zlib"

/** Longer messages are left to zlib's threads; to hand over a shorter one takes longer than its compression. */
export const LARGE = 64 * 1024

/** What a message is to be inflated with. */
export interface InflateOptions {
    /** What its references may go back to, besides itself */
    dictionary: Buffer
    windowBits: number
    /** Bytes that it may come to */
    limit: number
}

/** What became of a message. */
export type Inflated =
    /** In pieces: one, and another for each final block within it */
    | { kind: "message"; pieces: Buffer[] }
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

/** Streams that a message may take. */
const MOST_STREAMS = 64

/**
 * Inflates a message; calls back at once unless it is large. A final block ends the stream of zlib but not the message,
 * and what follows it may refer to what came before it (RFC 7692 section 7.2.3.4).
 */
export function inflateMessage(
    payload: Buffer,
    options: InflateOptions,
    done: (inflated: Inflated) => void
): void {
    const { dictionary, limit } = options
    const pieces: Buffer[] = []
    const inflateNext = (input: Buffer): void => {
        const history = pieces.length
            ? Buffer.concat([dictionary, ...pieces])
            : dictionary
        inflateStream(input, { ...options, dictionary: history }, stream => {
            if (stream.kind !== "stream") return done(stream)
            pieces.push(stream.data)
            const rest = input.subarray(stream.used)
            const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
            if (length > limit) return done({ kind: "too long" })
            // of a message that ends with a final block the tail is left
            if (rest.length === 0 || rest.equals(TAIL))
                return done({ kind: "message", pieces })
            if (pieces.length < MOST_STREAMS) return inflateNext(rest)
            done({ kind: "broken", error: new Error("too many final blocks") })
        })
    }
    inflateNext(Buffer.concat([payload, TAIL]))
}

/** What zlib makes of its input up to a final block. */
type Stream = { kind: "stream"; data: Buffer; used: number }

type Failure = Exclude<Inflated, { kind: "message" }>

function inflateStream(
    input: Buffer,
    { limit, ...options }: InflateOptions,
    done: (stream: Stream | Failure) => void
): void {
    const within = (maxOutputLength: number): ZlibOptions => ({
        ...options,
        maxOutputLength,
        chunkSize: Math.min(LARGE, 1024 + 4 * input.length),
        info: true,
    })
    if (input.length <= LARGE) {
        const stream = attempt(() =>
            inflateRawSync(input, within(Math.min(limit, LARGE)))
        )
        if (stream.kind !== "too long" || limit <= LARGE) return done(stream)
    }
    inflateRaw(input, within(limit), (error, result) =>
        done(error ? failed(error) : streamOf(result))
    )
}

function attempt(inflate: () => Buffer): Stream | Failure {
    try {
        return streamOf(inflate())
    } catch (error) {
        return failed(error as NodeJS.ErrnoException)
    }
}

/** The types of Node do not know of what its option `info` adds. */
function streamOf(result: unknown): Stream {
    const { buffer, engine } = result as { buffer: Buffer; engine: InflateRaw }
    return { kind: "stream", data: buffer, used: engine.bytesWritten }
}

function failed(error: NodeJS.ErrnoException): Failure {
    const isTooLong = error.code === "ERR_BUFFER_TOO_LARGE"
    return isTooLong ? { kind: "too long" } : { kind: "broken", error }
}

/** Compresses a message by itself; calls back at once unless it is large. */
export function deflateMessage(
    data: Buffer,
    maxWindowBits: number,
    done: (payload: Buffer) => void
): void {
    const windowBits = windowBitsFor(data.length, maxWindowBits)
    const options: ZlibOptions = {
        // a third of the time of the default, for a twentieth more bytes of JSON
        level: constants.Z_BEST_SPEED,
        windowBits,
        memLevel: Math.min(8, windowBits - 6),
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

/** What zlib keeps free of its window for the next match: its references go back by its window less that. */
const LOOKAHEAD = 262

/**
 * The window for a message: a longer one than it needs takes time to set up. zlib has none of 8 bits, but with 9 its
 * references go back by 250 bytes, which is what a client with a window of 256 can follow.
 */
function windowBitsFor(length: number, most: number): number {
    const needed = Math.ceil(Math.log2(length + LOOKAHEAD))
    return Math.max(9, Math.min(needed, most))
}
