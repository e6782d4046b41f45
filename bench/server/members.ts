/**
 * The members of a room, a process of its own that its parent steers as it does `load.ts`: the first one keeps messages on
 * the way, and what is counted is how often and after how long they came to another one.
 */
import type { Socket } from "node:net"
import { createHistogram } from "node:perf_hooks"
import { openSocket } from "./client.ts"
import { FrameCounter } from "./frame-counter.ts"
import { exchangeOf } from "./frames.ts"
import type { Counted, Load } from "./load.ts"

const { port, path, connections, depth, size } = JSON.parse(
    process.argv[2]
) as Load
const { request, reply } = exchangeOf(size, text => text)
const requests = Buffer.concat(Array(depth).fill(request))

/** Microseconds from the sender to each other member */
const ways = createHistogram()
let begun = 0

/** When each message on the way was sent, and how many have it not yet; the numbers of messages go round */
const sentAt = new Float64Array(depth)
const missing = new Uint32Array(depth)

const sender = await openSocket(port, path)
// nothing comes back to it
sender.resume()
for (let i = 1; i < connections; ++i) listen(await openSocket(port, path))
let next = 0
send(depth)

process.on("message", word => {
    if (word === "begin") begin()
    else if (word === "end") process.send?.(end())
})
process.once("disconnect", () => process.exit())
process.send?.("ready")

function send(count: number): void {
    const now = performance.now()
    for (let i = 0; i < count; ++i) {
        sentAt[next] = now
        missing[next] = connections - 1
        next = (next + 1) % depth
    }
    sender.write(requests.subarray(0, count * request.length))
}

/** Takes messages as a member, and sends as many as have come to the last one. */
function listen(socket: Socket): void {
    let number = 0
    new FrameCounter(socket, reply, depth, count => {
        const now = performance.now()
        let complete = 0
        for (let i = 0; i < count; ++i) {
            ways.record(Math.max(1, Math.round(1000 * (now - sentAt[number]))))
            if (--missing[number] === 0) complete++
            number = (number + 1) % depth
        }
        if (complete) send(complete)
    })
}

function begin(): void {
    ways.reset()
    begun = performance.now()
}

function end(): Counted {
    const seconds = (performance.now() - begun) / 1000
    const p99 = ways.percentile(99) / 1000
    return { messages: ways.count, seconds, p99 }
}
