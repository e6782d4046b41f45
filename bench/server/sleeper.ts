/**
 * A room with a member that does not read, a process of its own: sends a number of bytes to the room, says `ready` when
 * another member has them all, and keeps the connections until it is killed.
 */
import { openSocket } from "./client.ts"
import { FrameCounter } from "./frame-counter.ts"
import { exchangeOf } from "./frames.ts"

/** What to send, as JSON on the command line. */
export interface Sleeper {
    port: number
    path: string
    messages: number
    /** Bytes of each */
    size: number
}

/** Messages on the way to the one that reads */
const DEPTH = 16

const { port, path, messages, size } = JSON.parse(process.argv[2]) as Sleeper
const { request, reply } = exchangeOf(size, text => text)

const sender = await openSocket(port, path)
sender.resume()
const sleeper = await openSocket(port, path)
sleeper.pause()
// the server may drop it
sleeper.on("error", () => {})
let sent = 0
let heard = 0
new FrameCounter(await openSocket(port, path), reply, DEPTH, count => {
    heard += count
    while (sent < Math.min(messages, heard + DEPTH)) send()
    if (heard === messages) process.send?.("ready")
})
process.once("disconnect", () => process.exit())
while (sent < DEPTH) send()

function send(): void {
    sent++
    sender.write(request)
}
