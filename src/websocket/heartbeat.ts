import { deadlineIn, timeLeft } from "../fiber/deadline"
import { wait } from "../fiber/signal"
import { StreamError } from "../net/stream"
import { Rfc6455Connection } from "./rfc6455"

/**
 * Bytes that a network may have taken and not sent yet, 50 writes on an ESP32, and of how many a millisecond it gets rid at least: a
 * Ping stands behind them.
 */
const MAX_QUEUED = 51200
const SLOWEST = 2

/** Bytes of an empty Ping. */
const PING_LENGTH = 6

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
 * StreamError when then still nothing does. Behind much output it waits longer, up to 25 s, as a link of 2 KB/s needs. While
 * nobody reads, nothing can come, and nothing is expected.
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
    /** What had gone out at the last sign of life, and at the last look with the Ping. */
    let before = 0
    let sent: number

    function overdue(): number {
        const queued = Math.min(output.sent - before, MAX_QUEUED)
        return deadlineIn(timeout + queued / SLOWEST)
    }

    for (;;) {
        const { reads } = input
        // Half of it: silence may begin just behind a look.
        await wait(ended, interval >> 1)
        if (connection.end) return
        if (input.reads !== reads) {
            deadline = undefined
            before = output.sent
            continue
        }
        if (deadline !== undefined) {
            // Behind output that the link takes slowly the Ping may still stand; a dead link takes a little of it at once.
            if (output.turn.owner && output.sent > sent) {
                sent = output.sent
                deadline = overdue()
            }
            if (timeLeft(deadline) > 0) continue
            if (connection.isReading)
                return await connection.abort(
                    new StreamError(`silent for ${interval + timeout} ms`)
                )
        }
        ping.start(connection)
        sent = output.sent + PING_LENGTH
        deadline = overdue()
    }
}

/** In a fiber of its own: the link may take nothing. */
async function ping(connection: Rfc6455Connection) {
    await connection.ping(Buffer.alloc(0))
}
