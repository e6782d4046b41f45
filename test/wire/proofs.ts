/** Answers the Pings of 8 bytes by which a client over TLS on an ESP32 learns that all before has arrived, as every server does. */
import { frame, PONG } from "./frames.ts"

/** Bytes in the Ping of a client that wants proof; no other Ping of it has so many. */
export const PROOF = 8

/** Of the response to the handshake. */
const END = Buffer.from("\r\n\r\n")

export class Proofs {
    /** Of the frame under way, as long as it is not known how long that is. */
    private head = Buffer.alloc(0)
    /** Bytes of it that are still to be sent. */
    private left = 0
    private isUpgraded = false
    private waiting: Buffer[] = []

    /** @param send hands bytes to the client at once */
    constructor(private readonly send: (bytes: Buffer) => void) {}

    /** The client wants to know; RFC 6455, 5.5.2: it is told until its own Close frame has come. */
    answer(nonce: Buffer) {
        this.waiting.push(frame(PONG, nonce))
        this.tell()
    }

    /** What else goes to the client, in order: an answer has to stand between two frames. */
    sent(bytes: Uint8Array) {
        for (let at = 0; at < bytes.length;)
            if (this.left) {
                const size = Math.min(this.left, bytes.length - at)
                this.left -= size
                at += size
            } else this.begin(bytes[at++])
        this.tell()
    }

    private begin(byte: number) {
        this.head = Buffer.concat([this.head, Buffer.of(byte)])
        if (this.isUpgraded) return this.beginFrame()
        this.isUpgraded = this.head.subarray(-4).equals(END)
        if (this.isUpgraded) this.head = Buffer.alloc(0)
    }

    /** RFC 6455, 5.2 */
    private beginFrame() {
        const [, second = 0] = this.head
        const short = second & 0x7f
        const size = short === 127 ? 10 : short === 126 ? 4 : 2
        if (this.head.length < size) return
        const length =
            short === 127
                ? Number(this.head.readBigUInt64BE(2))
                : short === 126
                  ? this.head.readUInt16BE(2)
                  : short
        this.left = length + (second & 0x80 ? 4 : 0)
        this.head = Buffer.alloc(0)
    }

    private tell() {
        if (!this.isUpgraded || this.left || this.head.length) return
        for (const pong of this.waiting.splice(0)) this.send(pong)
    }
}
