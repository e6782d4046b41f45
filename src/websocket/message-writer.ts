import { acquire, release } from "../fiber/lock"
import { notify, wait } from "../fiber/signal"
import { StreamError } from "../net/stream"
import { FIN, OP_BINARY, OP_CONTINUATION, OP_TEXT } from "../protocol/codes"
import { frame, masked } from "../protocol/frame"
import { rotate } from "../protocol/mask"
import {
    begin,
    MAX_WRITE,
    nextKey,
    Output,
    sendControls,
    sendFrame,
    write,
} from "./output"
import { Rfc6455Connection } from "./rfc6455"

/**
 * Starts a message that is sent slice by slice, so that it may be longer than the memory. Other messages wait until it is complete.
 * @param isText text or binary
 * @param length in bytes, if it is known: the message goes out as one frame; else each slice as a fragment
 * @throws StreamError when the connection has ended
 */
export async function startMessage(
    { output }: Rfc6455Connection,
    isText: boolean,
    length?: number
): Promise<MessageWriter> {
    while (output.writer) await wait(output.changed)
    if (output.isClosing) throw output.error || new StreamError("closed")
    const writer = new MessageWriter(output, isText, length)
    output.writer = writer
    return writer
}

/**
 * Sends one message slice by slice; `startMessage` makes one.
 * @devsWhenUsed
 */
export class MessageWriter {
    private opcode: number
    private written = 0
    private isOver = false
    /** The message is one of the extension's. */
    private isCoded: boolean
    /** Masking key of the frame that is open. */
    private key: number

    constructor(
        private readonly output: Output,
        isText: boolean,
        private readonly length: number
    ) {
        this.opcode = isText ? OP_TEXT : OP_BINARY
    }

    /**
     * Sends the next slice; waits until the link has taken it. Control frames go out between two fragments, but not inside
     * a frame of known length.
     * @param data of a text also bytes, where a character may go on in the next slice; they have to be UTF-8
     * @throws RangeError beyond the message's length or end: the message is as before
     * @throws StreamError when the connection ends before
     */
    async write(data: string | Buffer) {
        await this.put(data, false)
    }

    /**
     * Ends the message.
     * @param data the last slice, if any
     * @throws RangeError when the message's length is not reached, or as `write` does
     */
    async end(data: string | Buffer = "") {
        await this.put(data, true)
    }

    private async put(data: string | Buffer, isLast: boolean) {
        const { output, length } = this
        const size = typeof data === "string" ? data.byteLength : data.length
        const total = this.written + size
        if (this.isOver) throw new RangeError("write: the message is over")
        if (
            length !== undefined &&
            (isLast ? total !== length : total > length)
        )
            throw new RangeError(`write: ${total} bytes of ${length}`)
        this.isOver = isLast
        this.written = total
        try {
            if (
                length === undefined ||
                output.extension ||
                output.stream.credit !== undefined
            )
                await this.fragment(data, size, isLast)
            else await this.part(data, size, isLast)
        } finally {
            if (isLast || output.error) {
                output.writer = undefined
                notify(output.changed)
            }
        }
    }

    /** Sends a slice as a frame. */
    private async fragment(
        data: string | Buffer,
        size: number,
        isLast: boolean
    ) {
        const { output, opcode } = this
        const isFirst = opcode !== OP_CONTINUATION
        let head = isLast ? FIN | opcode : opcode
        const { turn, extension } = output
        await acquire(turn)
        try {
            if (extension && (isFirst || this.isCoded)) {
                const coded = await extension.encode(data, isFirst, isLast)
                this.isCoded = coded !== undefined
                if (coded) {
                    if (isFirst) head |= extension.rsv
                    data = coded
                    size = coded.length
                }
            }
            // An empty message has a frame, and so has the end of a fragmented one.
            if (!size && !isLast) return
            this.opcode = OP_CONTINUATION
            await sendFrame(output, head, data, size)
        } finally {
            release(turn)
        }
    }

    /** Sends a slice as a part of the only frame, which has the turn until it is complete. */
    private async part(data: string | Buffer, size: number, isLast: boolean) {
        const { output, opcode, length } = this
        const { turn } = output
        let at = 0
        try {
            if (opcode !== OP_CONTINUATION) {
                if (!size && !isLast) return
                await acquire(turn)
                this.opcode = OP_CONTINUATION
                await begin(output)
                this.key = nextKey()
                at = Math.min(size, MAX_WRITE)
                await write(
                    output,
                    frame(FIN | opcode, length, data, at, this.key)
                )
                this.key = rotate(this.key, at)
            }
            while (at < size) {
                const count = Math.min(size - at, MAX_WRITE)
                await write(output, masked(0, data, at, count, this.key))
                this.key = rotate(this.key, count)
                at += count
            }
            if (isLast) await sendControls(output)
        } finally {
            if (isLast || output.error) release(turn)
        }
    }
}
