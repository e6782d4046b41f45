import * as ds from "@devicescript/core"

/** A point where fibers wait until another fiber lets them go on. */
export class Signal {
    /** The fibers that wait, the longest waiting first. */
    readonly waiting: ds.Fiber[] = []

    /**
     * Suspends the calling fiber.
     * @param timeout milliseconds; without it, for ever
     * @returns false on timeout
     */
    async wait(timeout?: number): Promise<boolean> {
        const fiber = ds.Fiber.self()
        this.waiting.push(fiber)
        if (await ds.suspend<boolean>(timeout)) return true
        const i = this.waiting.indexOf(fiber)
        if (i >= 0) this.waiting.insert(i, -1)
        return false
    }

    /** Lets every waiting fiber go on, the longest waiting first. */
    raise() {
        while (this.waiting.length) {
            const fiber = this.waiting[0]
            this.waiting.insert(0, -1)
            if (fiber.suspended) fiber.resume(true)
        }
    }
}
