import { Message } from "../protocol/message"
import { Connection, End } from "./connection"

/** What to do with what comes. */
export interface Handlers {
    /** A message; the next one is read when this returns. */
    message?: (message: Message) => void | Promise<void>
    /** The end; called once. */
    end?: (end: End) => void | Promise<void>
}

/**
 * Reads until the connection ends, in a fiber of its own. Without handlers messages are thrown away: for programs that only send,
 * since Pings are answered by who reads.
 */
export function listen(connection: Connection, handlers: Handlers = {}) {
    read.start(connection, handlers)
}

async function read(connection: Connection, handlers: Handlers) {
    const { message, end } = handlers
    for (;;) {
        const received = await next(connection)
        if (!received) break
        if (message) await message(received)
    }
    if (end) await end(connection.end)
}

/** The next message; `null` at the end, whatever it is. */
async function next(connection: Connection): Promise<Message> {
    try {
        return await connection.recv()
    } catch (e) {
        if (!connection.end) throw e
        return null
    }
}
