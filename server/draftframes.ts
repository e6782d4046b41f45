/** Where the bytes of a draft's frames stand. */
enum Part {
    Lead,
    Text,
    Length,
    Skipped,
}

/** What comes next in a draft's stream. */
export type DraftPiece =
    /** Bytes of a text frame, its 0x00 and 0xFF included */
    | { kind: "text"; bytes: Buffer }
    /** 0xFF 0x00 */
    | { kind: "closing" }
    /** A frame beyond what is allowed, of which nothing can be kept */
    | { kind: "toolong" }

/**
 * Takes a draft's stream apart (draft-hixie-thewebsocketprotocol-76 section 5.3): text frames end at 0xFF; a frame
 * whose first bit is set announces its length, seven bits to a byte, and is skipped. websocket-driver 0.7.5 takes 0xFF
 * within a skipped frame for the end of a text, and throws.
 */
export class DraftFrames {
    readonly #longest: number
    #part = Part.Lead
    /** Bytes of the text so far, or bytes still to be skipped */
    #length = 0
    #lead = 0

    /** @param longest bytes of a text, and of a frame that is skipped */
    constructor(longest: number) {
        this.#longest = longest
    }

    /** @param chunk what TCP brought; a piece ends with it at the latest */
    *pieces(chunk: Buffer): Generator<DraftPiece> {
        for (let at = 0; at < chunk.length;) {
            if (this.#part === Part.Lead) {
                at += this.#start(chunk[at])
            } else if (this.#part === Part.Text) {
                const end = chunk.indexOf(0xff, at) + 1 || chunk.length
                yield this.#text(chunk.subarray(at, end))
                at = end
            } else if (this.#part === Part.Length) {
                yield* this.#addLength(chunk[at++])
            } else {
                const taken = Math.min(this.#length, chunk.length - at)
                this.#length -= taken
                at += taken
                if (!this.#length) this.#part = Part.Lead
            }
        }
    }

    /** @returns how many bytes of the frame are done with */
    #start(lead: number): number {
        this.#lead = lead
        this.#part = lead & 0x80 ? Part.Length : Part.Text
        // the lead of a text goes with it, uncounted
        this.#length = lead & 0x80 ? 0 : -1
        return lead & 0x80 ? 1 : 0
    }

    #text(bytes: Buffer): DraftPiece {
        const ends = bytes.at(-1) === 0xff
        this.#length += bytes.length
        if (this.#length - Number(ends) > this.#longest)
            return { kind: "toolong" }
        if (ends) this.#part = Part.Lead
        return { kind: "text", bytes }
    }

    *#addLength(byte: number): Generator<DraftPiece> {
        this.#length = this.#length * 128 + (byte & 0x7f)
        if (this.#length > this.#longest) return yield { kind: "toolong" }
        if (byte & 0x80) return
        this.#part = this.#length ? Part.Skipped : Part.Lead
        if (this.#lead === 0xff && !this.#length) yield { kind: "closing" }
    }
}
