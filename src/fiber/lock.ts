import { Fiber } from "@devicescript/core"
import { self, suspendInVm } from "./clock"

/** What one fiber at a time has. */
export class Lock {
    owner: Fiber
    /** Those who wait, in the order in which they came. */
    waiting: Fiber[]
    /** Who lets all others go first. */
    last: Fiber
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

/** As `acquire`, but after everybody else; for one fiber only. */
export async function acquireLast(lock: Lock) {
    while (lock.owner) {
        lock.last = self()
        await suspendInVm()
    }
    lock.owner = self()
}

/** Hands it to the fiber that has waited longest. */
export function release(lock: Lock) {
    const { waiting, last } = lock
    if (waiting) {
        const fiber = waiting[0]
        if (waiting.length > 1) waiting.insert(0, -1)
        else lock.waiting = undefined
        lock.owner = fiber
        if (fiber.suspended) fiber.resume(true)
        return
    }
    lock.owner = undefined
    if (last) {
        lock.last = undefined
        if (last.suspended) last.resume(true)
    }
}
