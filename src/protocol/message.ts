/** A message as it arrived. */
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

/** A part of a message, in the order in which it arrived. */
export class Slice {
    /**
     * @param data the bytes: at most `MAX_SLICE`, from one network read and one frame
     * @param isText text or binary; text has been checked so far, a character may go on in the next slice
     * @param first the message starts here
     * @param last the message ends here
     * @param frameEnd a frame, that is a fragment of the message, ends here
     */
    constructor(
        readonly data: Buffer,
        readonly isText: boolean,
        readonly first: boolean,
        readonly last: boolean,
        readonly frameEnd: boolean
    ) {}
}
