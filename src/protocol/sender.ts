import { FIN, MASK, OP_CLOSE, OP_PING, OP_PONG } from "./codes"
import { mask, rotate } from "./mask"
import { Outgoing } from "./outgoing"

/** Most payload bytes in one output: far from the VM's step limit, and what every network takes in one write. */
const MAX_OUTPUT = 1024

/** Most control frames that wait for a peer who does not read; RFC 6455, 5.5.3 allows to skip older Pongs. */
const MAX_CONTROLS = 8

/** Random bytes fetched at a time: the masking keys of eight frames. */
const KEYS = 32

/**
 * Turns messages into masked frames, RFC 6455, 5. Puts out some 1 KB at a time and never tears a frame; control frames
 * go out between two frames, before any data.
 * @devsWhenUsed
 */
export class Sender {
    /** Payload bytes that are queued and not put out. */
    buffered = 0
    /** How many pieces of data were queued, and how many of them were put out and written. */
    queued = 0
    completed = 0
    /** The Close frame is out: nothing follows. */
    closed = false

    private queue: Outgoing[] = []
    private controls: Buffer[] = []
    private close: Buffer
    /** The Close frame goes before what is queued. */
    private hurry = false
    /** queue[0] is partly or wholly out, up to `position`. */
    private begun = false
    private position = 0
    /** Payload bytes to come in the open frame. */
    private remaining = 0
    private key = 0
    private keys: Buffer
    private keysLeft = 0

    /** @param random gives as many cryptographically strong random bytes as it is asked for */
    constructor(private readonly random: (size: number) => Buffer) {}

    /** Queues data. */
    push(item: Outgoing) {
        this.queue.push(item)
        this.queued++
        this.buffered += item.length
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
    }

    /** Whether the next Ping or Pong pushes out an older one. */
    crowded(): boolean {
        return this.controls.length >= MAX_CONTROLS
    }

    /** All that was not written for sure, now that the link is gone. */
    unwritten(): Outgoing[] {
        return this.queue
    }

    /** The next bytes to write, called when those before are written; undefined when there are none. */
    next(): Buffer {
        if (this.begun && this.position === this.queue[0].length) {
            this.queue.insert(0, -1)
            this.begun = false
            this.completed++
        }
        const item = this.queue[0]
        if (this.remaining) return item ? this.goOn(item) : undefined
        if (this.closed) return undefined
        if (this.controls.length) {
            const control = this.controls[0]
            this.controls.insert(0, -1)
            return control
        }
        if (item && !this.hurry) return this.openFrame(item)
        this.closed = this.close !== undefined
        return this.close
    }

    private openFrame(item: Outgoing): Buffer {
        const length = item.frameLength
        const size = Math.min(item.length, MAX_OUTPUT)
        const key = this.nextKey()
        const start = length < 126 ? 6 : length < 0x10000 ? 8 : 14
        const out = Buffer.alloc(start + size)
        out[0] = item.head
        if (start === 6) out[1] = MASK | length
        else if (start === 8) {
            out[1] = MASK | 126
            out[2] = length >> 8
            out[3] = length & 0xff
        } else {
            out[1] = MASK | 127
            writeLength(out, length)
        }
        out.setAt(start - 4, "i32", key)
        out.blitAt(start, item.data, 0, size)
        mask(out, start, start + size, key)
        this.begun = true
        this.position = size
        this.buffered -= size
        this.remaining = length - size
        if (size < length) this.key = rotate(key, size)
        return out
    }

    /** More of the frame that is open. */
    private goOn(item: Outgoing): Buffer {
        if (!this.begun) this.position = 0
        const size = Math.min(item.length - this.position, MAX_OUTPUT)
        const out = Buffer.alloc(size)
        out.blitAt(0, item.data, this.position, size)
        mask(out, 0, size, this.key)
        this.begun = true
        this.position += size
        this.buffered -= size
        this.remaining -= size
        this.key = rotate(this.key, size)
        return out
    }

    private control(head: number, data: Buffer) {
        if (this.crowded()) this.controls.insert(0, -1)
        this.controls.push(this.controlFrame(head, data))
    }

    private controlFrame(head: number, data: Buffer): Buffer {
        const length = data.length
        const out = Buffer.alloc(6 + length)
        const key = this.nextKey()
        out[0] = head
        out[1] = MASK | length
        out.setAt(2, "i32", key)
        out.blitAt(6, data, 0, length)
        mask(out, 6, 6 + length, key)
        return out
    }

    private nextKey(): number {
        if (!this.keysLeft) {
            this.keys = this.random(KEYS)
            this.keysLeft = KEYS
        }
        this.keysLeft -= 4
        return this.keys.getAt(this.keysLeft, "i32")
    }
}

/** The 64-bit length, most significant byte first. */
function writeLength(out: Buffer, length: number) {
    for (let i = 9; i > 1; --i) {
        out[i] = length % 256
        length = Math.floor(length / 256)
    }
}
