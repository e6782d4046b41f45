import { randomBuffer } from "@devicescript/crypto"
import { CLOSE_POLICY_VIOLATION } from "../protocol/codes"
import { HandshakeError } from "../protocol/handshake"
import { Outgoing } from "../protocol/outgoing"
import { CloseEvent, Reconnect } from "./websocket"

export interface BackoffOptions {
    /** Ceiling of the first pause in milliseconds; it doubles with every failure. Default 1,000. */
    initial?: number
    /** Ceiling of every pause. Default 60,000. */
    max?: number
    /** A connection that was open for so many milliseconds starts the count anew. Default 10,000. */
    stable?: number
    /** Most failures in a row. Default: no limit. */
    attempts?: number
    /**
     * Whether to give up; replaces the default: after 1008, after a refusal with 4xx other than 408, 425 and 429, and when the
     * options or a redirect's URL are wrong.
     */
    final?: (end: CloseEvent) => boolean
    /** Most messages, and most bytes, that wait for the next connection. Default 16 and 4,096. */
    messages?: number
    bytes?: number
    /** What gives way when there are more: the new message (`send` throws RangeError) or the oldest ones (`ondrop`). Default newest. */
    drop?: "newest" | "oldest"
}

/**
 * Reconnects with exponential backoff and full jitter: each pause is a random part of the ceiling, so that the boards of
 * one site do not come back all at the same moment.
 */
export function backoff(options?: BackoffOptions): Reconnect {
    return new Backoff(options || {})
}

class Backoff implements Reconnect {
    private failures = 0

    constructor(private readonly options: BackoffOptions) {}

    pause(end: CloseEvent): number {
        const { initial, max, stable, attempts, final } = this.options
        if (end.lasted >= (stable ?? 10000)) this.failures = 0
        if (final ? final(end) : isFinal(end)) return -1
        if (++this.failures > attempts) return -1
        const doublings = Math.min(this.failures - 1, 20)
        const ceiling = Math.min(
            max ?? 60000,
            (initial ?? 1000) * Math.pow(2, doublings)
        )
        return Math.max(retryAfter(end.error), Math.floor(ceiling * random()))
    }

    admit(queue: Outgoing[], item: Outgoing): Outgoing[] {
        const { drop } = this.options
        const messages = this.options.messages ?? 16
        const bytes = this.options.bytes ?? 4096
        const dropped: Outgoing[] = []
        let size = item.length
        for (const waiting of queue) size += waiting.length
        while (queue.length >= messages || size > bytes) {
            if (drop !== "oldest" || !queue.length)
                throw new RangeError(
                    `send: no connection, and the queue of ${messages} messages and ${bytes} bytes is full`
                )
            size -= queue[0].length
            dropped.push(queue[0])
            queue.insert(0, -1)
        }
        queue.push(item)
        return dropped
    }
}

function isFinal(end: CloseEvent): boolean {
    if (end.code === CLOSE_POLICY_VIOLATION) return true
    const error: any = end.error
    // Options that can't be sent, and URLs that are none, will not get better.
    if (error instanceof RangeError || error instanceof TypeError) return true
    if (!(error instanceof HandshakeError)) return false
    const { status } = error
    return (
        status >= 400 &&
        status < 500 &&
        status !== 408 &&
        status !== 425 &&
        status !== 429
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
