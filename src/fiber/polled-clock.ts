import { Fiber, _dcfgString } from "@devicescript/core"
import { millis, self, setClock, suspendInVm } from "./clock"

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
    if (_dcfgString("archId").startsWith("rp2040")) usePolledClock()
}

/** Lets every wait from now on end by `tick`. */
export function usePolledClock() {
    setClock(suspendInList)
}

/** Wakes the fibers that are due. Never called by a fiber that itself waits with a timeout. */
export function tick() {
    if (!first) return
    const now = millis()
    while (first && first.until <= now) {
        const { fiber } = first
        first = first.next
        if (fiber.suspended) fiber.resume(undefined)
    }
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
