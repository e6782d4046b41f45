import { randomBuffer } from "@devicescript/crypto"
import { CLOSE_POLICY_VIOLATION } from "../protocol/codes"
import { HandshakeError } from "../protocol/response"
import { End } from "./connection"

/** The end of a connection, or of an attempt to make one. */
export interface Down extends End {
    /** Milliseconds that the connection was open; 0 when it never was. */
    readonly lasted: number
    /** Milliseconds until the next attempt; undefined: there is none. */
    retry?: number
}

/**
 * Decides about the next attempt; `backoff()` makes one.
 * @returns milliseconds until then; undefined when there is none
 */
export type Retry = (down: Down) => number

export interface BackoffOptions {
    /** Ceiling of the first pause in milliseconds; it doubles with every failure. Default 1,000. */
    initial?: number
    /** Ceiling of every pause. Default 60,000. */
    max?: number
    /** A connection that was open for so many milliseconds starts the count anew. Default 10,000. */
    stable?: number
    /** Most failures in a row. Default: no limit. */
    attempts?: number
    /** Most milliseconds that a server's `Retry-After` can make it wait. Default 3,600,000: an hour. */
    maxRetryAfter?: number
    /** Whether to give up; replaces the default, `isFinal`. */
    final?: (down: Down) => boolean
}

/**
 * Exponential backoff with full jitter: each pause is a random part of the ceiling, so that the boards of one site do not come
 * back all at the same moment.
 */
export function backoff(options: BackoffOptions = {}): Retry {
    const final = options.final ?? isFinal
    const max = options.max ?? 60000
    const initial = options.initial ?? 1000
    let failures = 0
    return (down: Down) => {
        if (down.lasted >= (options.stable ?? 10000)) failures = 0
        if (final(down) || ++failures > options.attempts) return undefined
        const ceiling = initial * Math.pow(2, Math.min(failures - 1, 20))
        const pause = Math.min(max, ceiling) * random()
        const wanted = Math.min(
            retryAfter(down.error),
            options.maxRetryAfter ?? 3600000
        )
        return Math.max(wanted, Math.floor(pause))
    }
}

/**
 * Whether another attempt would end the same way: after 1008, after a refusal with 4xx other than 408, 425 and 429, and when the
 * program's URL or options are wrong.
 */
function isFinal({ code, error }: End): boolean {
    if (error instanceof HandshakeError) {
        const { status } = error
        return (
            status >= 400 &&
            status < 500 &&
            status !== 408 &&
            status !== 425 &&
            status !== 429
        )
    }
    return (
        code === CLOSE_POLICY_VIOLATION ||
        error instanceof RangeError ||
        error instanceof TypeError
    )
}

/** Milliseconds that the server wants to be left alone; 0 when it does not say, or gives a date. */
function retryAfter(error: any): number {
    const seconds =
        error instanceof HandshakeError ? parseInt(error.retryAfter) : 0
    return seconds > 0 ? seconds * 1000 : 0
}

/** 0 up to 1. Not `Math.random`: boards that start together would draw the same numbers. */
function random(): number {
    return randomBuffer(2).getAt(0, "u16") / 65536
}
