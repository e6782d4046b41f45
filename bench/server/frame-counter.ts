import type { Socket } from "node:net"

/** An empty Ping of a server, and the masked Pong for it (RFC 6455 section 5.5). */
export const PING = Buffer.from([0x89, 0])
export const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** Counts the frames of a server that sends the same one again and again, compares every byte, and answers Pings. */
export class FrameCounter {
    readonly #socket: Socket
    readonly #frame: Buffer
    readonly #frames: Buffer
    readonly #most: number
    readonly #onFrames: (count: number) => void
    #rest: Buffer = Buffer.alloc(0)

    /** @param most frames that are compared at a time */
    constructor(
        socket: Socket,
        frame: Buffer,
        most: number,
        onFrames: (count: number) => void
    ) {
        this.#socket = socket
        this.#frame = frame
        this.#frames = Buffer.concat(Array(most).fill(frame))
        this.#most = most
        this.#onFrames = onFrames
        socket.on("data", chunk => this.#receive(chunk))
    }

    #receive(chunk: Buffer): void {
        const bytes = this.#rest.length
            ? Buffer.concat([this.#rest, chunk])
            : chunk
        const size = this.#frame.length
        let at = 0
        let count = 0
        while (bytes.length - at >= size || bytes[at] === PING[0]) {
            if (bytes[at] === PING[0]) {
                if (bytes.length - at < PING.length) break
                at += PING.length
                this.#socket.write(PONG)
                continue
            }
            const whole = Math.min(
                this.#most,
                Math.floor((bytes.length - at) / size)
            )
            const taken = this.#matching(bytes, at, whole)
            at += taken * size
            count += taken
        }
        this.#rest = bytes.subarray(at)
        if (count) this.#onFrames(count)
    }

    /** @returns how many of `count` frames are there before something else comes, at least 1 */
    #matching(bytes: Buffer, at: number, count: number): number {
        const size = this.#frame.length
        for (; count > 0; count = count > 1 ? 1 : 0) {
            const length = count * size
            if (!bytes.compare(this.#frames, 0, length, at, at + length))
                return count
        }
        throw new Error(
            `expected the frame ${this.#frame.toString("hex")}, got ${bytes.toString("hex", at, at + size)}`
        )
    }
}
