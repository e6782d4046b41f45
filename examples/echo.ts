import { MessageWriter, Rfc6455Connection, slices, startMessage } from "../src"

/** What was echoed so far. */
export interface Echoed {
    /** Complete messages. */
    messages: number
    /** Payload bytes, those of an incomplete message included. */
    bytes: number
}

/**
 * Sends every message back, byte by byte as it came and with its type, until the connection ends. Holds one slice at a time, so
 * that a message may be longer than the memory.
 * @param echoed is kept up to date
 * @throws ProtocolError, StreamError: what broke the connection
 */
export async function echo(connection: Rfc6455Connection, echoed: Echoed) {
    const reader = slices(connection)
    let writer: MessageWriter
    for (;;) {
        const slice = await reader.recv()
        if (!slice) return
        const { data, isText, first, last } = slice
        if (first)
            writer = await startMessage(
                connection,
                isText,
                last ? data.length : undefined
            )
        if (last) await writer.end(data)
        else await writer.write(data)
        echoed.bytes += data.length
        if (last) echoed.messages++
    }
}
