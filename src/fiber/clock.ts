import * as ds from "@devicescript/core"

/** As `ds.millis`; in a variable, where calling it costs less than a search through `ds`. */
export const millis = ds.millis

/** The calling fiber. */
export const self = ds.Fiber.self

/**
 * Suspends the calling fiber until `resume(value)`: the one way in which anything here waits.
 * @param timeout milliseconds; without it, for ever
 * @returns the value; `undefined` on timeout
 */
export type Suspend = (timeout?: number) => Promise<any>

/** As the VM does it: with a timeout, by a timer of its own. */
export const suspendInVm: Suspend = ds.suspend

/** As the clock in use does it. */
export let suspend: Suspend = ds.suspend

/** Puts another clock underneath, for every wait that begins from now on. */
export function setClock(clock: Suspend) {
    suspend = clock
}

/** Lets so many milliseconds pass. */
export async function sleep(milliseconds: number) {
    await suspend(milliseconds)
}
