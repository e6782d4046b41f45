import { millis } from "./clock"
import { Signal, wait } from "./signal"

/**
 * A moment in terms of `millis()`; `undefined`: never.
 * @param timeout milliseconds from now; without it, never
 */
export function deadlineIn(timeout?: number): number {
    return timeout === undefined ? undefined : millis() + timeout
}

/** @returns milliseconds that are left, at least 0; `undefined` without end */
export function timeLeft(deadline: number): number {
    return deadline === undefined ? undefined : Math.max(0, deadline - millis())
}

/**
 * Waits for `notify` until a deadline. To be called in a loop that looks at what it waits for.
 * @returns false when the deadline has passed
 */
export async function waitUntil(
    signal: Signal,
    deadline: number
): Promise<boolean> {
    const left = timeLeft(deadline)
    if (left === 0) return false
    await wait(signal, left)
    return true
}
