import type { Medium } from "./connection.ts"
import { DelayLine } from "./delay.ts"

/** ESP-IDF, CONFIG_LWIP_TCP_SND_BUF_DEFAULT and CONFIG_LWIP_TCP_MSS, in bytes. */
const SIZE = 5744
const SEGMENT = 1440

/** Where the bytes go, and who wants to know that there is room again. */
export interface SendBufferOptions {
    medium: Medium
    /** To the peer; `taken` when its side has them. */
    transmit(bytes: Uint8Array, taken: () => void): void
    room(): void
}

/**
 * lwIP's send buffer: holds what the peer has not acknowledged, a round trip long, and with Nagle's algorithm (RFC 1122,
 * 4.2.3.4: no firmware turns it off) less than a segment waits until nothing is on its way.
 */
export class SendBuffer {
    private readonly unsent: { size: number; bytes?: Uint8Array }[] = []
    private waiting = 0
    private inFlight = 0
    private over = false
    private readonly out = new DelayLine()
    private readonly back = new DelayLine()

    constructor(private readonly options: SendBufferOptions) {}

    get room(): number {
        return SIZE - this.waiting - this.inFlight
    }

    /**
     * @param size bytes on the wire, not more than there is room for
     * @param bytes what the peer's program gets once they are there; of a TLS record it is the last part that has them
     */
    push(size: number, bytes?: Uint8Array) {
        this.unsent.push({ size, bytes })
        this.waiting += size
        this.flush()
    }

    flush() {
        const { medium } = this.options
        if (this.over || !this.waiting || medium.isStalled) return
        if (this.inFlight > 0 && this.waiting < SEGMENT) return
        const size = this.waiting
        const parts = this.unsent.splice(0)
        this.waiting = 0
        this.inFlight += size
        this.out.after(medium.delay, () =>
            this.transmit(
                Buffer.concat(parts.flatMap(({ bytes }) => bytes ?? [])),
                size
            )
        )
    }

    private transmit(bytes: Uint8Array, size: number) {
        const { medium, transmit } = this.options
        const taken = () =>
            this.back.after(medium.delay, () => this.acknowledged(size))
        // a silent link forgets what it carried, and nobody sends it again
        if (medium.fault === "silence" || !bytes.length) taken()
        else transmit(bytes, taken)
    }

    private acknowledged(size: number) {
        if (this.over) return
        this.inFlight -= size
        this.flush()
        this.options.room()
    }

    /** The connection is closed; what is in here still goes to the peer. */
    close() {
        const { medium, transmit } = this.options
        const rest = this.unsent.splice(0).flatMap(({ bytes }) => bytes ?? [])
        this.waiting = 0
        if (rest.length && medium.fault !== "silence")
            this.out.after(medium.delay, () =>
                transmit(Buffer.concat(rest), () => {})
            )
        this.over = true
    }

    /** The connection broke: nothing goes any more. */
    abort() {
        this.over = true
        this.out.clear()
        this.back.clear()
    }
}
