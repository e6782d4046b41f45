import * as ds from "@devicescript/core"

/**
 * An event that handlers subscribe to. Other than `ds.emitter()`, which keeps only the newest value for a handler that is
 * still busy, whoever calls `call` waits for the handlers, so that none misses anything.
 */
export class Listeners<T> implements ds.Subscriber<T> {
    /** @internal undefined when nobody listens. */
    handlers: ds.Handler<T>[]

    /** @internal Called after each subscription. */
    onsubscribe: () => void

    /** @returns ends the subscription */
    subscribe(handler: ds.Handler<T>): ds.Unsubscribe {
        if (!this.handlers) this.handlers = []
        this.handlers.push(handler)
        if (this.onsubscribe) this.onsubscribe()
        const self = this
        return () => {
            const handlers = self.handlers
            const i = handlers ? handlers.indexOf(handler) : -1
            if (i < 0) return
            if (handlers.length === 1) self.handlers = undefined
            else handlers.insert(i, -1)
        }
    }

    /** Calls the handlers one after the other. */
    async call(value: T) {
        if (this.handlers)
            for (const handler of this.handlers.slice()) await handler(value)
    }
}
