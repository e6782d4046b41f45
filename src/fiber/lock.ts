import { Fiber } from "@devicescript/core"
import { self, suspendInVm } from "./clock"

/** What one fiber at a time has; the others get it in the order in which they came. */
export class Lock {
    owner: Fiber
    waiting: Fiber[]
}

/** Waits until the calling fiber has it. Whoever has it already waits for ever. */
export async function acquire(lock: Lock) {
    const fiber = self()
    if (!lock.owner) {
        lock.owner = fiber
        return
    }
    if (lock.waiting) lock.waiting.push(fiber)
    else lock.waiting = [fiber]
    while (lock.owner !== fiber) await suspendInVm()
}

/** Hands it to the fiber that has waited longest. */
export function release(lock: Lock) {
    const { waiting } = lock
    if (!waiting) {
        lock.owner = undefined
        return
    }
    const fiber = waiting[0]
    if (waiting.length > 1) waiting.insert(0, -1)
    else lock.waiting = undefined
    lock.owner = fiber
    if (fiber.suspended) fiber.resume(true)
}
