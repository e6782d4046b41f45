/**
 * What opens many connections and keeps them, a process of its own: says `ready` when all are open, and keeps them until it is killed.
 * Each 127.0.0.x has source ports for some of them.
 */
import { openSocket } from "./client.ts"
import { PING, PONG } from "./frame-counter.ts"

/** What to open, as JSON on the command line. */
export interface Idle {
    port: number
    path: string
    connections: number
}

const PER_ADDRESS = 1000
const AT_A_TIME = 50

const { port, path, connections } = JSON.parse(process.argv[2]) as Idle
for (let i = 0; i < connections; i += AT_A_TIME)
    await Promise.all(
        Array.from({ length: Math.min(AT_A_TIME, connections - i) }, (_, k) =>
            open(addressOf(i + k))
        )
    )
process.once("disconnect", () => process.exit())
process.send?.("ready")

async function open(from: string): Promise<void> {
    const socket = await openSocket(port, path, from)
    socket.on("data", chunk => {
        if (chunk.equals(PING)) socket.write(PONG)
    })
}

function addressOf(index: number): string {
    return `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`
}
