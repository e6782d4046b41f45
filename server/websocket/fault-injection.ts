import { Connection, type ConnectionOptions } from "./connection.ts"
import type { Message } from "./message.ts"
import type { SharedFrame } from "./shared-frame.ts"

/** What a test wants to go wrong, on every connection of a device. */
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

/** A connection whose replies are delayed and dropped. */
export class FaultyConnection extends Connection {
    readonly #faults: FaultInjection
    #replies = 0

    constructor(faults: FaultInjection, options: ConnectionOptions) {
        super(options)
        this.#faults = faults
    }

    override send(message: Message, frame?: SharedFrame): void {
        const { delay, drop, close } = this.#faults
        const number = ++this.#replies
        const act = () => {
            if (number !== drop) super.send(message, frame)
            if (number === close?.after) this.close(close.code, close.reason)
        }
        if (delay) setTimeout(act, delay).unref()
        else act()
    }
}
