/**
 * What opens many connections and keeps them, a process of its own: says `ready` when all are open, and keeps them until it is killed.
 * Each 127.0.0.x has source ports for some of them.
 */
import { once } from "node:events"
import type { Socket } from "node:net"
import { openSocket } from "./client.ts"
import { PING, PONG } from "./frame-counter.ts"
import { compressedFrame, jsonOf } from "./json.ts"

/** What to open, as JSON on the command line. */
export interface Idle {
    port: number
    path: string
    connections: number
    /** Whether each has sent some compressed messages, and got the replies, before it is idle */
    compress: boolean
}

/** Bytes of those messages. */
const SIZES = [200, 1000, 8192]

/** What a browser offers. */
const OFFER =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

/** Without a payload (RFC 6455 section 5.5), of a client and for it. */
const PING_OF_CLIENT = Buffer.from([0x89, 0x80, 0, 0, 0, 0])
const PONG_OF_SERVER = Buffer.from([0x8a, 0])

const PER_ADDRESS = 1000
const AT_A_TIME = 50

const { port, path, connections, compress } = JSON.parse(
    process.argv[2]
) as Idle
for (let i = 0; i < connections; i += AT_A_TIME)
    await Promise.all(
        Array.from({ length: Math.min(AT_A_TIME, connections - i) }, (_, k) =>
            open(addressOf(i + k))
        )
    )
process.once("disconnect", () => process.exit())
process.send?.("ready")

async function open(from: string): Promise<void> {
    const socket = await openSocket(port, path, from, compress ? OFFER : "")
    if (compress) await exchange(socket)
    socket.on("data", chunk => {
        if (chunk.equals(PING)) socket.write(PONG)
    })
}

/** Sends messages, then a Ping: its Pong comes behind the replies. */
async function exchange(socket: Socket): Promise<void> {
    const messages = SIZES.map(size => compressedFrame(jsonOf(size)))
    socket.write(Buffer.concat([...messages, PING_OF_CLIENT]))
    let last = Buffer.alloc(0)
    while (!last.subarray(-2).equals(PONG_OF_SERVER)) {
        const [chunk] = await once(socket, "data")
        last = Buffer.concat([last.subarray(-1), chunk])
    }
}

function addressOf(index: number): string {
    return `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`
}
