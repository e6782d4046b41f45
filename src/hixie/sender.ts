import { FIN, OP_CLOSE } from "../protocol/codes"
import { Outgoing } from "../protocol/outgoing"
import { MAX_OUTPUT, Sender } from "../protocol/sender"
import { Check } from "../protocol/session"

/** First and last byte of a text frame, and of the closing frame the other way round. */
const START = 0x00
const END = 0xff

/**
 * Turns text messages into the frames of draft-hixie-75 and -76, 4.2.
 * @devsWhenUsed
 */
export class HixieSender extends Sender {
    /**
     * @param check throws for a frame of RFC 6455 that the draft does not have
     * @param hasClose the closing frame exists; else the connection just ends
     */
    constructor(
        private readonly check: Check,
        private readonly hasClose: boolean
    ) {
        super(undefined)
    }

    /** @throws RangeError when the drafts do not have it */
    override push(item: Outgoing) {
        this.check(item.head, item.data)
        this.queue.push(item)
        this.queued++
        this.buffered += item.length
        this.idle = false
    }

    /** @throws RangeError when the drafts do not have it */
    override frame(item: Outgoing): Buffer {
        this.check(item.head, item.data)
        return piece(item, 0, item.length, true, true)
    }

    /** The peer's closing frame is here: behind ours it is for the client to end the connection. */
    peerClosed() {
        this.last = null
    }

    protected override open(item: Outgoing): Buffer {
        this.begun = true
        this.position = 0
        this.remaining = item.frameLength
        return this.some(item, true)
    }

    protected override goOn(item: Outgoing): Buffer {
        if (!this.begun) this.position = 0
        this.begun = true
        return this.some(item, false)
    }

    /** The next bytes of an item. */
    private some(item: Outgoing, isStart: boolean): Buffer {
        const from = this.position
        const size = Math.min(item.length - from, MAX_OUTPUT)
        this.position = from + size
        this.buffered -= size
        this.remaining -= size
        return piece(item, from, size, isStart, this.remaining === 0)
    }

    protected override controlFrame(head: number): Buffer {
        if (head !== (FIN | OP_CLOSE)) this.check(head)
        return this.hasClose ? Buffer.from([END, START]) : null
    }
}

function piece(
    { data }: Outgoing,
    from: number,
    size: number,
    isStart: boolean,
    isEnd: boolean
): Buffer {
    const start = isStart ? 1 : 0
    const out = Buffer.alloc(start + size + (isEnd ? 1 : 0))
    out.blitAt(start, data, from, size)
    if (isEnd) out[start + size] = END
    return out
}
