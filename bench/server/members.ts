/**
 * The members of a room, a process of its own that its parent steers as it does `load.ts`: the first one keeps messages on
 * the way, and what is counted is how often and after how long they came to another one.
 */
import type { Socket } from "node:net"
import { openSocket } from "./client.ts"
import { FrameCounter } from "./frame-counter.ts"
import { exchangeOf } from "./frames.ts"
import type { Load } from "./load.ts"
import { ready, record } from "./tally.ts"

const { port, path, connections, depth, size } = JSON.parse(
    process.argv[2]
) as Load
const { request, reply } = exchangeOf(size, text => text)
const requests = Buffer.concat(Array(depth).fill(request))

/** When each message on the way was sent, and how many have it not yet; the numbers of messages go round */
const sentAt = new Float64Array(depth)
const missing = new Uint32Array(depth)

const sender = await openSocket(port, path)
// nothing comes back to it
sender.resume()
for (let i = 1; i < connections; ++i) listen(await openSocket(port, path))
let next = 0
send(depth)
ready()

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
            record(now - sentAt[number])
            if (--missing[number] === 0) complete++
            number = (number + 1) % depth
        }
        if (complete) send(complete)
    })
}
