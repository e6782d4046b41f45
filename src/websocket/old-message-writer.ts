import { StreamError } from "../net/stream"
import { FIN, OP_BINARY, OP_CONTINUATION, OP_TEXT } from "../protocol/codes"
import { MORE, Outgoing } from "../protocol/outgoing"
import { Check } from "../protocol/session"

/** The connection that a message goes out on. */
export interface SliceSink {
    /** Queues a slice and waits until the link has taken it. @returns false when the link is gone before */
    transmit(item: Outgoing): Promise<boolean>
    /** Whose turn it is; undefined when the message is complete or the connection has ended. */
    writer: MessageWriter
    /** Lets other messages go out. */
    messageDone(): void
}

/**
 * Sends one message slice by slice, so that it may be longer than the memory; `WebSocket.startMessage` makes one.
 * @devsWhenUsed
 */
export class MessageWriter {
    private begun = false
    private written = 0
    private isOver = false

    /**
     * @param length of the message in bytes: it goes out as one frame; undefined: each slice is a fragment
     * @param check of the protocol's version, if it is not RFC 6455
     * @throws RangeError when the version has no such messages
     */
    constructor(
        private readonly sink: SliceSink,
        private readonly isText: boolean,
        private readonly length: number,
        private readonly check: Check
    ) {
        if (check) check(this.head(false))
    }

    /**
     * Sends the next slice; waits until the link has taken it. Control frames go out between two fragments, but not
     * inside a frame of known length.
     * @param data of a text also bytes, where a character may go on in the next slice; they have to be UTF-8
     * @throws RangeError beyond the message's length or end, or when the version can't send it: the message is as before
     * @throws StreamError when the link is gone
     */
    async write(data: string | Buffer) {
        await this.put(data, false)
    }

    /**
     * Ends the message.
     * @param data the last slice, if any
     * @throws RangeError when the message's length is not reached, or as `write` does; StreamError when the link is gone
     */
    async end(data: string | Buffer = "") {
        await this.put(data, true)
        this.sink.messageDone()
    }

    private async put(data: string | Buffer, last: boolean) {
        const size = typeof data === "string" ? data.byteLength : data.length
        const total = this.written + size
        const known = this.length
        if (this.isOver) throw new RangeError("write: the message is over")
        if (this.sink.writer !== this)
            throw new StreamError("write: the connection has ended")
        if (known !== undefined && (last ? total !== known : total > known))
            throw new RangeError(
                `write: ${total} bytes of a message of ${known}`
            )
        const head = this.head(last)
        if (this.check) this.check(head, data)
        this.isOver = last
        // Nothing to send; but an empty message has a frame, and so has the end of a fragmented one.
        if (!size && (this.begun ? known !== undefined || !last : !last)) return
        const item = {
            data,
            length: size,
            head,
            frameLength: known === undefined ? size : known,
            slice: true,
        }
        this.begun = true
        this.written = total
        if (!(await this.sink.transmit(item)))
            throw new StreamError("write: the connection has ended")
    }

    /** First byte of the next frame's header. */
    private head(last: boolean): number {
        const known = this.length !== undefined
        if (this.begun && known) return MORE
        const opcode = this.begun
            ? OP_CONTINUATION
            : this.isText
              ? OP_TEXT
              : OP_BINARY
        return last || known ? FIN | opcode : opcode
    }
}
