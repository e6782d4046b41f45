import type { Message } from "../modes/modes.ts"

/** What a test wants to go wrong, on every connection. */
export interface FaultInjection {
    /** Milliseconds that every reply waits */
    delay?: number
    /** The reply that is never sent, counted from 1 */
    drop?: number
    /** Pings stay without a pong */
    noPong?: boolean
    /** Close in place of waiting for message `after` + 1 */
    close?: { after: number; code: number; reason?: string }
}

/** Where replies go. */
export interface Sink {
    send(message: Message): void
    close(code: number, reason?: string): void
}

/** Passes replies on to `sink`, spoilt as `faults` says. */
export function injectFaults(
    { delay, drop, close }: FaultInjection,
    sink: Sink
): (reply: Message) => void {
    if (!delay && !drop && !close) return reply => sink.send(reply)
    let count = 0
    return reply => {
        const number = ++count
        const act = () => {
            if (number !== drop) sink.send(reply)
            if (number === close?.after) sink.close(close.code, close.reason)
        }
        if (delay) setTimeout(act, delay).unref()
        else act()
    }
}
