import * as ds from "@devicescript/core"

/** A point where fibers wait until another fiber lets them go on. */
export class Signal {
    /** The fibers that wait, the longest waiting first; undefined when there are none. */
    waiting: ds.Fiber[]

    /**
     * Suspends the calling fiber.
     * @param timeout milliseconds; without it, for ever
     * @returns false on timeout
     */
    async wait(timeout?: number): Promise<boolean> {
        const fiber = ds.Fiber.self()
        if (!this.waiting) this.waiting = []
        this.waiting.push(fiber)
        if (await ds.suspend<boolean>(timeout)) return true
        const waiting = this.waiting
        const i = waiting ? waiting.indexOf(fiber) : -1
        if (i >= 0) waiting.insert(i, -1)
        return false
    }

    /** Lets every waiting fiber go on. */
    notify() {
        const waiting = this.waiting
        if (!waiting) return
        this.waiting = undefined
        for (const fiber of waiting) if (fiber.suspended) fiber.resume(true)
    }
}
