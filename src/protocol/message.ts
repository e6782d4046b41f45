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
