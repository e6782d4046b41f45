import { deadlineIn, waitUntil } from "../fiber/deadline"
import { notify, Signal } from "../fiber/signal"
import { Message } from "../protocol/message"
import { Connection } from "./connection"
import { listen } from "./listen"

/**
 * Sends a message and waits for its reply.
 * @param id the one that the reply will have
 * @param timeout milliseconds; without it, waits for ever
 * @returns `undefined` on timeout, `null` when the connection has ended
 * @throws RangeError while another request has the same id, or as `connection.send` does
 */
export type Request = (
    id: string | number,
    message: string | Buffer | Message,
    timeout?: number
) => Promise<Message>

/** A request on its way. */
interface Pending {
    id: string | number
    reply: Message
}

/**
 * Pairs replies with requests by an id that both carry, so that a reply which comes too late is never taken for the next one's.
 * Reads by itself.
 * @param idOf the id of a message; undefined when it is not a reply
 * @param other gets what does not reply to a request that waits; without it, such messages are dropped
 */
export function requests(
    connection: Connection,
    idOf: (message: Message) => string | number,
    other?: (message: Message) => void | Promise<void>
): Request {
    const pending: Pending[] = []
    const changed = new Signal()
    let isOver = false
    listen(connection, {
        message: async message => {
            const at = indexOf(pending, idOf(message))
            if (at >= 0) {
                pending[at].reply = message
                notify(changed)
            } else if (other) await other(message)
        },
        end: () => {
            isOver = true
            notify(changed)
        },
    })
    return async (id, message, timeout) => {
        if (indexOf(pending, id) >= 0)
            throw new RangeError(`request: another one has the id ${id}`)
        const deadline = deadlineIn(timeout)
        const request: Pending = { id, reply: undefined }
        pending.push(request)
        try {
            await connection.send(message)
            while (!request.reply) {
                if (isOver) return null
                if (!(await waitUntil(changed, deadline))) break
            }
        } finally {
            pending.insert(pending.indexOf(request), -1)
        }
        return request.reply
    }
}

/** @returns -1 when none has the id */
function indexOf(pending: Pending[], id: string | number): number {
    let at = pending.length - 1
    while (at >= 0 && pending[at].id !== id) at--
    return at
}
