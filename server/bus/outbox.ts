/** What waits at most: events, and characters of them. */
const MOST_EVENTS = 5000
const MOST_TEXT = 32 * 1024 * 1024

/** Something that waits to be published. */
export interface Letter {
    /** Counted from 0 */
    number: number
    text: string
}

/** What a bus has not taken yet, in order. When there is too much of it, the oldest gives way. */
export class Outbox {
    /** Letters that gave way */
    dropped = 0
    readonly #letters: Letter[] = []
    #text = 0
    #count = 0

    get length(): number {
        return this.#letters.length
    }

    /** The one that is to leave next; it stays until it is removed. */
    get first(): Letter | undefined {
        return this.#letters[0]
    }

    add(text: string): void {
        this.#letters.push({ number: this.#count++, text })
        this.#text += text.length
        while (this.#isFull() && this.#letters.length > 1) {
            // the first one may be under way
            const [{ text }] = this.#letters.splice(1, 1)
            this.#text -= text.length
            this.dropped++
        }
    }

    /** Gives the first one up. */
    drop(): void {
        this.remove()
        this.dropped++
    }

    /** Takes the first one out. */
    remove(): void {
        this.#text -= this.#letters.shift()?.text.length ?? 0
    }

    #isFull(): boolean {
        return this.#letters.length > MOST_EVENTS || this.#text > MOST_TEXT
    }
}
