import type { EventBody, Observers, ServerEvent } from "./events.ts"
import { timestamp } from "./timestamp.ts"

/** Tells observers what happens. */
export class Reporter {
    readonly #observers: Observers

    constructor(observers: Observers) {
        this.#observers = observers
    }

    /** Whether anybody listens; what happens with every message is not put into words for nobody. */
    wants(event: ServerEvent["event"]): boolean {
        return this.#observers[event] !== undefined
    }

    /** @param peer address and port of the other side; empty: nobody in particular */
    report(peer: string, body: EventBody): void {
        const observe = this.#observers[body.event]
        if (!observe) return
        const event = body as ServerEvent
        event.time = timestamp()
        event.peer = peer
        ;(observe as (event: ServerEvent) => void)(event)
    }
}
