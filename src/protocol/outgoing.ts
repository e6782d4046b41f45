import { FIN, OP_BINARY, OP_TEXT } from "./codes"
import { Message } from "./message"

/** Data on its way out: a whole message, or a slice of one. */
export interface Outgoing {
    data: Buffer | string
    /** Length of `data` in bytes. */
    length: number
    /** First byte of the frame's header; `MORE`: goes on in the frame that is open. */
    head: number
    /** Payload length of the frame. */
    frameLength: number
    /** Part of a message that is made while it is sent: cannot be sent again, on another connection. */
    slice?: boolean
}

/** In the place of a header byte: no header, the data belongs to the frame that is open. */
export const MORE = -1

/** A message in one frame; a received message keeps its type and its bytes. @throws TypeError for anything else */
export function wholeMessage(data: string | Buffer | Message): Outgoing {
    if (typeof data === "string") {
        const length = data.byteLength
        return { data, length, head: FIN | OP_TEXT, frameLength: length }
    }
    let head = FIN | OP_BINARY
    if (data instanceof Message) {
        if (data.isText) head = FIN | OP_TEXT
        data = data.data
    }
    if (!(data instanceof Buffer))
        throw new TypeError(
            `expected a string, a Buffer or a Message, got ${data}`
        )
    const length = data.length
    return { data, length, head, frameLength: length }
}
