import { CLIENT_WINDOW_BITS, type DeflateAgreement } from "./deflate-offer.ts"
import {
    LARGE,
    deflateMessage,
    inflateMessage,
    type Inflated,
} from "./raw-deflate.ts"
import { SlidingWindow } from "./sliding-window.ts"
import { TurnBudget } from "./turn-budget.ts"

/** Bytes from which on a message is compressed: of a shorter one too little would be saved. */
const THRESHOLD = 128

/**
 * Bytes that are compressed and inflated for a client in a turn of the event loop, a few milliseconds at most. What it
 * sends beyond that waits for the next turn, and replies beyond it go out as they are.
 */
const WORK = 256 * 1024

/** Bytes for which a stream of zlib counts besides those that it makes or takes. */
const WEIGHT = 2048

/** What a message takes of a turn: the rest of a long one is done by zlib's threads, one at a time for each client. */
const costOf = (length: number, streams = 1) =>
    WEIGHT * streams + Math.min(length, LARGE)

const EMPTY = Buffer.alloc(0)
const PARAMETERS = { server_no_context_takeover: true }

/** Told how long the messages of a client are, compressed and not. */
export type CountCompressed = (
    direction: "received" | "sent",
    compressed: number,
    plain: number
) => void

/** What the connections of a server share. */
export interface CompressionSettings {
    /** Bytes that a message may come to */
    maxMessage: number
    count: CountCompressed
}

/** Closes the connection, before its receiver is told of the error. */
type Fail = (code: number) => void

type Done = (error: Error | null, data: Buffer) => void

/**
 * permessage-deflate (RFC 7692) on one connection, in the place of the class that `ws` has for it. Between two messages
 * there is no zlib stream: messages to the client do not refer to each other, and of those of a client that keeps its
 * context the end is kept, as a dictionary for the next one.
 */
export class Compression {
    /** @internal What the sender of `ws` has to know of the agreement, so that it asks for `_threshold` */
    readonly params = PARAMETERS
    readonly _isServer = true
    readonly #settings: CompressionSettings
    readonly #fail: Fail
    readonly #serverWindowBits: number
    readonly #window?: SlidingWindow
    readonly #budget = new TurnBudget(WORK)
    /** Of a message that is not complete */
    #fragments?: Buffer[]

    constructor(
        { serverWindowBits, clientKeepsContext }: DeflateAgreement,
        settings: CompressionSettings,
        fail: Fail
    ) {
        this.#serverWindowBits = serverWindowBits
        this.#settings = settings
        this.#fail = fail
        if (clientKeepsContext)
            this.#window = new SlidingWindow(1 << CLIENT_WINDOW_BITS)
    }

    /** @internal Bytes from which on the sender of `ws` has a message compressed */
    get _threshold(): number {
        return this.#budget.isExhausted ? Infinity : THRESHOLD
    }

    /** @internal For the sender of `ws`, which waits for one message before it takes the next. */
    compress(message: string | Buffer, _last: boolean, done: Done): void {
        const data =
            typeof message === "string" ? Buffer.from(message) : message
        this.#budget.spend(costOf(data.length))
        deflateMessage(data, this.#serverWindowBits, payload => {
            this.#settings.count("sent", payload.length, data.length)
            done(null, payload)
        })
    }

    /**
     * @internal For the receiver of `ws`, which waits likewise, and must not be called back before this has returned.
     * A message is inflated when it is complete, so that a client can stay in the middle of one without a zlib stream.
     */
    decompress(fragment: Buffer, isLast: boolean, done: Done): void {
        if (!isLast) {
            this.#fragments ??= []
            this.#fragments.push(fragment)
            return queueMicrotask(() => done(null, EMPTY))
        }
        const payload = this.#fragments
            ? Buffer.concat([...this.#fragments, fragment])
            : fragment
        this.#fragments = undefined
        if (this.#budget.isExhausted)
            setImmediate(() => this.#inflate(payload, done))
        else queueMicrotask(() => this.#inflate(payload, done))
    }

    /** @internal For `ws`; there is nothing to be freed. */
    cleanup(): void {}

    #inflate(payload: Buffer, done: Done): void {
        // no DEFLATE data, but what zlib makes of a second empty message in a row
        if (payload.length === 0) return done(null, EMPTY)
        const options = {
            dictionary: this.#window?.bytes ?? EMPTY,
            windowBits: this.#window ? CLIENT_WINDOW_BITS : 15,
            limit: this.#settings.maxMessage,
        }
        inflateMessage(payload, options, inflated => {
            if (inflated.kind !== "message") return this.#end(inflated, done)
            const { pieces } = inflated
            const data = pieces.length > 1 ? Buffer.concat(pieces) : pieces[0]
            this.#window?.push(data)
            this.#budget.spend(costOf(data.length, pieces.length))
            this.#settings.count("received", payload.length, data.length)
            done(null, data)
        })
    }

    #end(inflated: Exclude<Inflated, { kind: "message" }>, done: Done): void {
        if (inflated.kind === "too long") {
            this.#fail(1009)
            const error = new RangeError("Max payload size exceeded")
            const code = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"
            return done(Object.assign(error, { code }), EMPTY)
        }
        this.#fail(1007)
        const { message } = inflated.error
        done(new Error(`sent a broken compressed message: ${message}`), EMPTY)
    }
}
