import * as ds from "@devicescript/core"

/**
 * An event that handlers subscribe to. Other than `ds.emitter()`, which keeps only the newest value for a handler that is
 * still busy, whoever calls `call` waits for the handlers, so that none misses anything.
 */
export class Listeners<T> implements ds.Subscriber<T> {
    private handlers: ds.Handler<T>[]

    /** @internal Called after each subscription. */
    onsubscribe: () => void

    /** @returns ends the subscription */
    subscribe(handler: ds.Handler<T>): ds.Unsubscribe {
        if (!this.handlers) this.handlers = []
        const handlers = this.handlers
        handlers.push(handler)
        if (this.onsubscribe) this.onsubscribe()
        return () => {
            const i = handlers.indexOf(handler)
            if (i >= 0) handlers.insert(i, -1)
        }
    }

    /** Whether anybody listens. */
    any(): boolean {
        return this.handlers && this.handlers.length > 0
    }

    /** Calls the handlers one after the other. */
    async call(value: T) {
        for (const handler of this.handlers.slice()) await handler(value)
    }
}
