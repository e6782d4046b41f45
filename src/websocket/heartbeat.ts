import { deadlineIn, timeLeft } from "../fiber/deadline"
import { wait } from "../fiber/signal"
import { StreamError } from "../net/stream"
import { Rfc6455Connection } from "./rfc6455"

/** Milliseconds. */
export interface HeartbeatOptions {
    /**
     * Before the server has been silent for so long, a Ping is sent. Default 20,000: below the limits of most proxies, and other than
     * the 30,000 of most servers, so that neither side waits for the other.
     */
    interval?: number
    /** How long to wait then for a sign of life. Default 10,000. */
    timeout?: number
}

/**
 * Keeps a connection alive, and notices when it no longer is: sends a Ping when nothing comes, and ends the connection with a
 * StreamError when then still nothing does. While nobody reads, nothing can come, and nothing is expected.
 * @returns the connection
 */
export function heartbeat(
    connection: Rfc6455Connection,
    options: HeartbeatOptions = {}
): Rfc6455Connection {
    beat.start(connection, options.interval ?? 20000, options.timeout ?? 10000)
    return connection
}

async function beat(
    connection: Rfc6455Connection,
    interval: number,
    timeout: number
) {
    const { input, output, ended } = connection
    /** When the answer to the last Ping is overdue; undefined while nothing is due. */
    let deadline: number
    let writes: number
    for (;;) {
        const { reads } = input
        // Half of it: silence may begin just behind a look.
        await wait(ended, interval >> 1)
        if (connection.end) return
        if (input.reads !== reads) {
            deadline = undefined
            continue
        }
        if (deadline !== undefined) {
            // Behind output that the link takes slowly the Ping may still stand; a dead link takes a little of it at once.
            if (output.turn.owner && output.writes > writes) {
                writes = output.writes
                deadline = deadlineIn(timeout)
            }
            if (timeLeft(deadline) > 0) continue
            if (connection.isReading)
                return await connection.abort(
                    new StreamError(`silent for ${interval + timeout} ms`)
                )
        }
        ping.start(connection)
        // With that of the Ping.
        writes = output.writes + 1
        deadline = deadlineIn(timeout)
    }
}

/** In a fiber of its own: the link may take nothing. */
async function ping(connection: Rfc6455Connection) {
    await connection.ping(Buffer.alloc(0))
}
