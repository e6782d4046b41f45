import { Message, MessageWriter, Slice, StreamError, WebSocket } from "../src"

/** What was echoed so far. */
export interface Echoed {
    /** Complete messages. */
    messages: number
    /** Payload bytes, those of an incomplete message included. */
    bytes: number
}

/**
 * Sends every message back, byte by byte as it came and with its type, until the WebSocket is closed. Holds one slice at
 * a time, so that a message may be longer than the memory.
 * @param ws opened with `slices: true`
 * @param echoed is kept up to date
 */
export async function echo(ws: WebSocket, echoed: Echoed) {
    try {
        await echoSlices(ws, echoed)
    } catch (e) {
        // A link that breaks on the way out: the close event tells why.
        if (!(e instanceof StreamError)) throw e
    }
}

async function echoSlices(ws: WebSocket, echoed: Echoed) {
    let writer: MessageWriter
    let slice: Slice
    while ((slice = await ws.recvSlice())) {
        const { data, isText, first, last } = slice
        if (first && last) await ws.send(new Message(data, isText, undefined))
        else {
            if (first) writer = await ws.startMessage(isText)
            if (last) await writer.end(data)
            else await writer.write(data)
        }
        echoed.bytes += data.length
        if (last) echoed.messages++
    }
}
