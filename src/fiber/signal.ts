import { Fiber } from "@devicescript/core"
import { self, suspend } from "./clock"

/** A point where fibers wait until another fiber lets them go on. */
export class Signal {
    /** A fiber that waits; there is seldom more than one. */
    fiber: Fiber
    /** Those that wait besides. */
    others: Fiber[]
}

/**
 * Suspends the calling fiber until `notify`.
 * @param timeout milliseconds; without it, for ever
 * @returns false on timeout
 */
export async function wait(signal: Signal, timeout?: number): Promise<boolean> {
    const fiber = self()
    if (!signal.fiber) signal.fiber = fiber
    else if (signal.others) signal.others.push(fiber)
    else signal.others = [fiber]
    if (await suspend(timeout)) return true
    if (signal.fiber === fiber) signal.fiber = undefined
    else if (signal.others) {
        const i = signal.others.indexOf(fiber)
        if (i >= 0) signal.others.insert(i, -1)
    }
    return false
}

/** Lets every fiber that waits go on. */
export function notify(signal: Signal) {
    const { fiber, others } = signal
    if (fiber) {
        signal.fiber = undefined
        if (fiber.suspended) fiber.resume(true)
    }
    if (others) {
        signal.others = undefined
        for (const other of others) if (other.suspended) other.resume(true)
    }
}
