import type { Sink } from "../websocket/fault-injection.ts"
import type { Push } from "./modes.ts"

/** Starts to push to `sink`. @returns the function that ends it */
export function startPush({ interval, texts }: Push, sink: Sink): () => void {
    const left = [...texts]
    const timer = setInterval(() => {
        const data = left.shift()
        if (data !== undefined) sink.send({ type: "text", data })
        if (left.length) return
        clearInterval(timer)
        sink.close(1000)
    }, interval)
    return () => clearInterval(timer)
}
