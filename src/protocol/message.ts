import { Receiver } from "./receiver"

/**
 * A message as it arrived.
 * @devsWhenUsed
 */
export class Message {
    /**
     * @param data the bytes, exactly as they came
     * @param isText text or binary
     * @param decoded the text, when it is already known
     */
    constructor(
        readonly data: Buffer,
        readonly isText: boolean,
        private decoded: string
    ) {}

    /**
     * The text; undefined in a binary message. The VM's strings have U+FFFD for U+FFFE and U+FFFF: where these
     * matter, take `data`.
     */
    text(): string {
        if (this.decoded === undefined && this.isText)
            this.decoded = this.data.toString()
        return this.decoded
    }
}

/**
 * A part of a message, in the order in which it arrived.
 * @devsWhenUsed
 */
export class Slice {
    /** The bytes: at most `MAX_SLICE`, not more than one network read, never of two frames. */
    readonly data: Buffer
    /** Text or binary; the text's UTF-8 has been checked so far, a character may go on in the next slice. */
    readonly isText: boolean
    /** The message starts here. */
    readonly first: boolean
    /** The message ends here. */
    readonly last: boolean
    /** A frame (a fragment of the message) ends here. */
    readonly frameEnd: boolean

    constructor(receiver: Receiver) {
        this.data = receiver.data
        this.isText = receiver.isText
        this.first = receiver.first
        this.last = receiver.last
        this.frameEnd = receiver.frameEnd
    }
}

/**
 * Joins slices to messages. Memory grows with what has arrived, never with what was announced.
 * @devsWhenUsed
 */
export class Assembler {
    private parts: Buffer[]

    /** Takes the receiver's slice. @returns the message that it completes, if any */
    add(receiver: Receiver): Message {
        const { data, isText, first, last } = receiver
        if (first && last) return new Message(data, isText, receiver.text)
        if (first) this.parts = []
        if (data.length) this.parts.push(data)
        if (!last) return undefined
        const parts = this.parts
        this.parts = undefined
        return new Message(Buffer.concat(...parts), isText, undefined)
    }
}
