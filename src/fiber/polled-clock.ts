import { Fiber } from "@devicescript/core"
import { millis, self, setClock, suspendInVm } from "./clock"
import { isRp2040 } from "./rp2040"

/** A fiber that waits, in an ordered list. */
interface Sleeper {
    fiber: Fiber
    /** In terms of `millis()`. */
    until: number
    next: Sleeper
}

/** The one that wakes first. */
let first: Sleeper

/**
 * A driver that polls calls this before it begins, and `tick` at each turn. From then on no fiber waits by the VM's timers on
 * an RP2040, whose firmware loses its only timer when it arms it at the moment at which a fiber is due (devicescript-pico,
 * tim.c, `tim_set_timer`).
 */
export function startPolling() {
    if (isRp2040()) setClock(suspendInList)
}

/**
 * Wakes the fibers that are due. Never called by a fiber that itself waits with a timeout.
 * @returns milliseconds until the next one is due; undefined when nobody waits
 */
export function tick(): number {
    if (!first) return undefined
    const now = millis()
    while (first.until <= now) {
        const { fiber } = first
        first = first.next
        if (fiber.suspended) fiber.resume(undefined)
        if (!first) return undefined
    }
    return first.until - now
}

async function suspendInList(timeout?: number): Promise<any> {
    if (timeout === undefined) return await suspendInVm()
    const sleeper: Sleeper = {
        fiber: self(),
        until: millis() + timeout,
        next: undefined,
    }
    insert(sleeper)
    const value = await suspendInVm()
    // a timeout has removed it
    if (value !== undefined) remove(sleeper)
    return value
}

function insert(sleeper: Sleeper) {
    const { until } = sleeper
    if (!first || first.until > until) {
        sleeper.next = first
        first = sleeper
        return
    }
    let before = first
    while (before.next && before.next.until <= until) before = before.next
    sleeper.next = before.next
    before.next = sleeper
}

function remove(sleeper: Sleeper) {
    if (first === sleeper) {
        first = sleeper.next
        return
    }
    let before = first
    while (before && before.next !== sleeper) before = before.next
    if (before) before.next = sleeper.next
}
