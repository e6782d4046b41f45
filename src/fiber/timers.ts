import { millis, sleep } from "./clock"

/** What a timer calls, in a fiber of its own. */
export type Callback = () => void | Promise<void>

/**
 * Calls `callback` again and again. A call that takes longer than the interval delays those behind it; they do not pile up.
 * @param interval milliseconds from one call to the next
 * @returns a function that ends it
 */
export function every(interval: number, callback: Callback): () => void {
    let ended = false
    async function run() {
        let next = millis() + interval
        for (;;) {
            await sleep(Math.max(0, next - millis()))
            if (ended) return
            await callback()
            next = Math.max(next + interval, millis())
        }
    }
    run.start()
    return () => {
        ended = true
    }
}

/**
 * Calls `callback` once.
 * @param milliseconds from now
 * @returns a function that prevents it
 */
export function after(milliseconds: number, callback: Callback): () => void {
    let prevented = false
    async function run() {
        await sleep(milliseconds)
        if (!prevented) await callback()
    }
    run.start()
    return () => {
        prevented = true
    }
}
