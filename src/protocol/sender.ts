import { FIN, MASK, OP_CLOSE, OP_PING, OP_PONG } from "./codes"
import { mask, rotate } from "./mask"
import { Outgoing } from "./outgoing"

/** Most payload bytes in one output: far from the VM's step limit, and with a header what every network takes in one write. */
export const MAX_OUTPUT = 1008

/** Most control frames that wait for a peer who does not read; RFC 6455, 5.5.3 allows to skip older Pongs. */
const MAX_CONTROLS = 8

/** Random bytes fetched at a time: the masking keys of eight frames. */
const KEYS = 32

/** As many cryptographically strong random bytes as asked for. */
export type Random = (size: number) => Buffer

/**
 * Turns messages into masked frames, RFC 6455, 5. Puts out some 1 KB at a time and never tears a frame; control frames
 * go out between two frames, before any data.
 */
export class Sender {
    /** Nothing is queued and no frame is open. */
    idle = true
    /** Payload bytes that are queued and not put out. */
    buffered = 0
    /** How many pieces of data were queued, and how many of them were put out and written. */
    queued = 0
    completed = 0
    /** The Close frame is out: nothing follows. */
    closed = false

    /** What `next` returns behind the Close frame. */
    protected last: Buffer
    protected queue: Outgoing[] = []
    private controls: Buffer[] = []
    private close: Buffer
    /** The Close frame goes before what is queued. */
    private hurry: boolean
    /** queue[0] is partly or wholly out, up to `position`. */
    protected begun: boolean
    protected position: number
    /** Payload bytes to come in the open frame. */
    protected remaining: number
    private key: number
    private keys: Buffer
    private keysLeft: number

    constructor(private readonly random: Random) {}

    /** Queues data. */
    push(item: Outgoing) {
        this.queue.push(item)
        this.queued++
        this.buffered += item.length
        this.idle = false
    }

    /** The frame of an item that need not be queued: while `idle`, up to `MAX_OUTPUT` bytes. */
    frame(item: Outgoing): Buffer {
        const length = item.length
        return frame(item.head, length, item.data, length, this.nextKey())
    }

    ping(data: Buffer) {
        this.control(FIN | OP_PING, data)
    }

    pong(data: Buffer) {
        this.control(FIN | OP_PONG, data)
    }

    /**
     * Queues the Close frame; the first one counts.
     * @param atOnce do not wait for what is queued, except for the frame that is partly out
     */
    end(body: Buffer, atOnce: boolean) {
        if (!this.close) this.close = this.controlFrame(FIN | OP_CLOSE, body)
        this.hurry = this.hurry || atOnce
        this.idle = false
    }

    /** Whether the next Ping or Pong pushes out an older one. */
    crowded(): boolean {
        return this.controls.length >= MAX_CONTROLS
    }

    /** All that was not written for sure, now that the link is gone. */
    unwritten(): Outgoing[] {
        return this.queue
    }

    /**
     * The next bytes to write, called when those before are written.
     * @returns undefined when there are none; null when it is for the client to end the connection: never in RFC 6455
     */
    next(): Buffer {
        const { queue, controls } = this
        if (this.begun && this.position === queue[0].length) {
            queue.insert(0, -1)
            this.begun = false
            this.completed++
        }
        const item = queue[0]
        if (this.remaining > 0) return item ? this.goOn(item) : undefined
        if (this.closed) return this.last
        if (controls.length) {
            const control = controls[0]
            controls.insert(0, -1)
            return control
        }
        if (item && !this.hurry) return this.open(item)
        this.idle = this.close === undefined
        this.closed = !this.idle
        return this.close
    }

    protected open(item: Outgoing): Buffer {
        const length = item.frameLength
        const size = Math.min(item.length, MAX_OUTPUT)
        const key = this.nextKey()
        const out = frame(item.head, length, item.data, size, key)
        this.begun = true
        this.position = size
        this.buffered -= size
        this.remaining = length - size
        this.key = rotate(key, size)
        return out
    }

    /** More of the frame that is open. */
    protected goOn(item: Outgoing): Buffer {
        const position = this.begun ? this.position : 0
        const size = Math.min(item.length - position, MAX_OUTPUT)
        const out = Buffer.alloc(size)
        out.blitAt(0, item.data, position, size)
        mask(out, 0, size, this.key)
        this.begun = true
        this.position = position + size
        this.buffered -= size
        this.remaining -= size
        this.key = rotate(this.key, size)
        return out
    }

    private control(head: number, data: Buffer) {
        if (this.crowded()) this.controls.insert(0, -1)
        this.controls.push(this.controlFrame(head, data))
        this.idle = false
    }

    protected controlFrame(head: number, data: Buffer): Buffer {
        const length = data.length
        return frame(head, length, data, length, this.nextKey())
    }

    private nextKey(): number {
        let left = this.keysLeft
        if (!left) {
            this.keys = this.random(KEYS)
            left = KEYS
        }
        left -= 4
        this.keysLeft = left
        return this.keys.getAt(left, "i32")
    }
}

/**
 * A frame, RFC 6455, 5.2, or the beginning of one.
 * @param length of the frame's payload in bytes
 * @param size how many of them come along
 */
function frame(
    head: number,
    length: number,
    data: Buffer | string,
    size: number,
    key: number
): Buffer {
    const start = length < 126 ? 6 : length < 0x10000 ? 8 : 14
    const end = start + size
    const out = Buffer.alloc(end)
    out[0] = head
    if (start === 6) out[1] = MASK | length
    else {
        out[1] = MASK | (start === 8 ? 126 : 127)
        for (let i = start - 5; i > 1; --i) {
            out[i] = length % 256
            length = Math.floor(length / 256)
        }
    }
    out.setAt(start - 4, "i32", key)
    out.blitAt(start, data, 0, size)
    mask(out, start, end, key)
    return out
}
