import type { Outlet } from "./faults.ts"
import type { Push } from "./modes.ts"

/** Starts to push to `outlet`. @returns the function that ends it */
export function startPush(
    { interval, texts }: Push,
    outlet: Outlet
): () => void {
    const left = [...texts]
    const timer = setInterval(() => {
        const data = left.shift()
        if (data !== undefined) outlet.send({ type: "text", data })
        if (left.length) return
        clearInterval(timer)
        outlet.close(1000)
    }, interval)
    return () => clearInterval(timer)
}
