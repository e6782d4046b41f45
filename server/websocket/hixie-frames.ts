/** Where the bytes of a draft's frames stand. */
enum Part {
    Lead,
    Text,
    Length,
    Skipped,
}

/** What comes next in a draft's stream. */
export type HixiePiece =
    /** Bytes that are not UTF-8 are U+FFFD */
    | { kind: "text"; text: string }
    /** 0xFF 0x00 */
    | { kind: "closing" }
    /** A frame beyond what is allowed; nothing can follow it */
    | { kind: "too long" }

/** Bytes that are held for a text at first; twice as many each time that they do not suffice. */
const FIRST_HOLD = 1024

/**
 * Takes a draft's stream apart (draft-hixie-thewebsocketprotocol-76 section 5.3): a frame whose first bit is clear ends
 * at 0xFF, and is a text if it is of type 0x00; a frame whose first bit is set announces its length, seven bits to a
 * byte. All but texts are skipped.
 */
export class HixieFrames {
    readonly #longest: number
    #part = Part.Lead
    /** Bytes of the text so far, or bytes still to be skipped */
    #length = 0
    #held = Buffer.alloc(0)
    #lead = 0

    /** @param longest bytes of a text, and of a frame that is skipped */
    constructor(longest: number) {
        this.#longest = longest
    }

    /** @param chunk what TCP brought; a piece ends with it at the latest */
    *pieces(chunk: Buffer): Generator<HixiePiece> {
        for (let at = 0; at < chunk.length;) {
            if (this.#part === Part.Lead) {
                this.#start(chunk[at++])
            } else if (this.#part === Part.Text) {
                const end = chunk.indexOf(0xff, at)
                const bytes = chunk.subarray(at, end < 0 ? chunk.length : end)
                yield* this.#addText(bytes, end >= 0)
                at += bytes.length + Number(end >= 0)
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

    #start(lead: number): void {
        this.#lead = lead
        this.#part = lead & 0x80 ? Part.Length : Part.Text
        this.#length = 0
    }

    *#addText(bytes: Buffer, ends: boolean): Generator<HixiePiece> {
        const length = this.#length + bytes.length
        if (length > this.#longest) return yield { kind: "too long" }
        if (length > this.#held.length) {
            const hold = Math.max(length, 2 * this.#held.length, FIRST_HOLD)
            const before = this.#held.subarray(0, this.#length)
            this.#held = Buffer.concat([before], Math.min(hold, this.#longest))
        }
        bytes.copy(this.#held, this.#length)
        this.#length = length
        if (!ends) return
        this.#part = Part.Lead
        if (this.#lead !== 0) return
        const text = this.#held.toString("utf8", 0, length)
        // a long one does not stay in memory with its connection
        if (this.#held.length > FIRST_HOLD) this.#held = Buffer.alloc(0)
        yield { kind: "text", text }
    }

    *#addLength(byte: number): Generator<HixiePiece> {
        this.#length = this.#length * 128 + (byte & 0x7f)
        if (this.#length > this.#longest) return yield { kind: "too long" }
        if (byte & 0x80) return
        this.#part = this.#length ? Part.Skipped : Part.Lead
        if (this.#lead === 0xff && !this.#length) yield { kind: "closing" }
    }
}

/** A text as a frame. */
export function textFrame(text: string | Buffer): Buffer {
    const length = Buffer.byteLength(text)
    const frame = Buffer.alloc(length + 2)
    Buffer.from(text).copy(frame, 1)
    frame[length + 1] = 0xff
    return frame
}
