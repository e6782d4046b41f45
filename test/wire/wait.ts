/** Waiting in tests: nothing is waited for without end. */
import { once as nodeOnce, type EventEmitter } from "node:events"

/** Milliseconds after which a wait has failed: longer than anything takes on a busy machine. */
const PATIENCE = 60_000

/** The next event of a name, as Node's `once`. @throws Error when it does not come in time */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function once(emitter: EventEmitter, event: string): Promise<any[]> {
    return within(nodeOnce(emitter, event), `"${event}"`)
}

/** What a promise resolves to. @throws Error that names `what` when it does not resolve in time */
export async function within<T>(
    promise: Promise<T>,
    what: string,
    patience = PATIENCE
): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
        const error = new Error(`expected ${what} within ${patience} ms`)
        timer = setTimeout(() => reject(error), patience).unref()
    })
    return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
