/** One direction of a connection through the link: takes what the source sends, and gives it to the sink as the link wants. */
import type { Socket } from "node:net"

/** What a link does to everything that it carries. */
export interface Shape {
    /** Milliseconds that everything takes. */
    latency: number
    /** Up to so many milliseconds more, differently for each piece; the order stays. */
    jitter: number
    /** Bytes per second. */
    bandwidth: number
    /** Largest segment in bytes: more is chopped, and each goes out on its own. */
    segment: number
    /** Milliseconds for which data is held back, to go out in one piece with what comes meanwhile. */
    gather: number
}

/** A link that does nothing. */
export const WIRE: Shape = {
    latency: 0,
    jitter: 0,
    bandwidth: Infinity,
    segment: Infinity,
    gather: 0,
}

/** The link as one of its directions sees it. */
export interface Way {
    readonly shape: Shape
    /** Nothing comes out. */
    readonly silent: boolean
    /** From 0 to below 1. */
    random(): number
    /** The bytes after which the connection was to break are through. */
    breakUp(): void
}

type Item = { bytes: Buffer; due: number } | { end: "FIN" | "RST"; due: number }

/** Bytes on their way from which on the source is not read any more. */
const FULL = 64 * 1024
/** Milliseconds between chopped segments, so that the receiver does not see them as one. */
const APART = 1

export class Pipe {
    private readonly queue: Item[] = []
    private waiting = 0
    private timer?: NodeJS.Timeout
    private blocked = false
    /** When the sink may have the next piece. */
    private free = 0
    /** Bytes until the one to spoil. */
    private spoil?: number
    /** Bytes until the connection breaks. */
    private left?: number

    constructor(
        private readonly source: Socket,
        private readonly sink: Socket,
        private readonly way: Way
    ) {
        source.on("data", bytes => this.take(bytes))
        source.on("end", () => this.add({ end: "FIN", due: this.due() }))
        source.on("error", () => this.add({ end: "RST", due: this.due() }))
        sink.on("close", () => this.stop())
    }

    /** Flips a bit of the byte that comes after `offset` more. */
    corrupt(offset: number) {
        this.spoil = offset
    }

    /** Lets so many more bytes through, then the connection breaks. */
    breakAfter(bytes: number) {
        this.left = bytes
    }

    private due(): number {
        const { latency, jitter, gather } = this.way.shape
        const due =
            performance.now() + latency + jitter * this.way.random() + gather
        return Math.max(due, this.queue.at(-1)?.due ?? 0)
    }

    private take(bytes: Buffer) {
        if (this.spoil !== undefined && this.spoil < bytes.length) {
            bytes[this.spoil] ^= 1
            this.spoil = undefined
        } else if (this.spoil !== undefined) this.spoil -= bytes.length
        this.waiting += bytes.length
        if (this.waiting > FULL) this.source.pause()
        this.add({ bytes, due: this.due() })
    }

    private add(item: Item) {
        this.queue.push(item)
        this.move()
    }

    /** Gives the sink what is due. To be called again when the link has changed. */
    move() {
        clearTimeout(this.timer)
        while (this.queue.length && !this.blocked && !this.way.silent) {
            const wait = Math.max(this.queue[0].due, this.free)
            const now = performance.now()
            if (wait > now) {
                this.timer = setTimeout(() => this.move(), wait - now)
                return
            }
            this.give(this.queue.shift()!)
        }
    }

    private give(item: Item) {
        if ("end" in item) {
            if (item.end === "FIN") this.sink.end()
            else this.sink.resetAndDestroy()
            return
        }
        const bytes = this.piece(item)
        this.waiting -= bytes.length
        if (this.waiting <= FULL / 2) this.source.resume()
        const last = this.left !== undefined && bytes.length >= this.left
        if (this.left !== undefined) this.left -= bytes.length
        if (last) {
            this.queue.length = 0
            this.sink.write(bytes, () => this.way.breakUp())
        } else if (!this.sink.write(bytes)) {
            this.blocked = true
            this.sink.once("drain", () => {
                this.blocked = false
                this.move()
            })
        }
    }

    /** What goes out at once of `item`, and of what is due behind it when the link gathers. */
    private piece(item: { bytes: Buffer; due: number }): Buffer {
        const { segment, bandwidth, gather } = this.way.shape
        let { bytes } = item
        while (gather && this.queue[0] && "bytes" in this.queue[0])
            bytes = Buffer.concat([
                bytes,
                (this.queue.shift() as { bytes: Buffer }).bytes,
            ])
        // bandwidth shows also in pieces: some 50 a second
        const most = Math.min(
            segment,
            Math.max(1, Math.ceil(bandwidth / 50)),
            this.left ?? Infinity
        )
        const piece = bytes.subarray(0, most)
        if (piece.length < bytes.length)
            this.queue.unshift({
                bytes: bytes.subarray(piece.length),
                due: item.due,
            })
        const apart = segment < Infinity ? APART : 0
        this.free =
            performance.now() +
            Math.max(apart, (1000 * piece.length) / bandwidth)
        return piece
    }

    private stop() {
        clearTimeout(this.timer)
        this.queue.length = 0
        this.waiting = 0
        // what the source still sends has nowhere to go
        this.source.resume()
    }
}
