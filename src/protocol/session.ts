import {
    CLOSE_ABNORMAL,
    CLOSE_NORMAL,
    CLOSE_NO_STATUS,
    isCloseCode,
    MAX_CONTROL,
    ProtocolError,
} from "./codes"
import { Handshake, HandshakeOptions } from "./handshake"
import { Event, Receiver, ReceiverOptions } from "./receiver"
import { Sender } from "./sender"
import { Url } from "./url"

/** As many cryptographically strong random bytes as asked for. */
export type Random = (size: number) => Buffer

/**
 * One WebSocket connection of a client, RFC 6455, without I/O, clock or randomness of its own.
 *
 * Bytes in: `receive`, then `poll` until it says None. Bytes out: `open` once, then `sender.next` until it gives nothing.
 * @devsWhenUsed
 */
export class Session {
    /** Describes the event that `poll` returned last. */
    readonly receiver: Receiver
    /** What goes out. */
    readonly sender: Sender
    /** The subprotocol in use; empty without one. */
    protocol = ""
    /** The handshake is done. */
    isOpen = false
    /** The peer's Close frame is here. */
    closeReceived = false
    /** The peer broke the protocol; what still comes from it is thrown away. */
    failed = false
    /** The peer's code and reason, or ours after a failure. */
    closeCode = CLOSE_ABNORMAL
    closeReason = ""

    private handshake: Handshake

    constructor(
        url: Url,
        options: HandshakeOptions,
        limits: ReceiverOptions,
        random: Random
    ) {
        this.handshake = new Handshake(url, options, random(16))
        this.receiver = new Receiver(limits)
        this.sender = new Sender(random)
    }

    /** Both Close frames went over the wire. */
    wasClean(): boolean {
        return this.closeReceived && this.sender.closed && !this.failed
    }

    /** The upgrade request. @throws RangeError when an option can't be sent */
    open(): Buffer {
        return this.handshake.request()
    }

    /** Takes the next bytes; only when `poll` has said None. @throws ProtocolError, HandshakeError */
    receive(chunk: Buffer) {
        if (this.closeReceived || this.failed) return
        let at = 0
        if (this.handshake) {
            at = this.handshake.receive(chunk)
            if (at < 0) return
            this.protocol = this.handshake.protocol
            this.handshake = undefined
        }
        this.receiver.feed(chunk, at)
    }

    /** The next event. A Ping is already answered, a Close too. @throws ProtocolError: the peer has been told */
    poll(): Event {
        if (!this.isOpen) {
            if (this.handshake) return Event.None
            this.isOpen = true
            return Event.Open
        }
        if (this.closeReceived || this.failed) return Event.None
        try {
            const event = this.receiver.poll()
            if (event === Event.Ping) this.sender.pong(this.receiver.data)
            else if (event === Event.Close) this.closedByPeer()
            return event
        } catch (e) {
            if (e instanceof ProtocolError) this.fail(e)
            throw e
        }
    }

    /** Queues a Close frame behind the messages. @param body made by `closeBody` */
    close(body: Buffer) {
        this.sender.end(body, false)
    }

    private closedByPeer() {
        const { closeCode, closeReason } = this.receiver
        this.closeReceived = true
        this.closeCode = closeCode
        this.closeReason = closeReason
        const code = closeCode === CLOSE_NO_STATUS ? undefined : closeCode
        this.sender.end(closeBody(code), true)
    }

    private fail(error: ProtocolError) {
        this.failed = true
        this.closeCode = error.code
        this.closeReason = error.message
        this.sender.end(closeBody(error.code, error.message), true)
    }
}

/**
 * Payload of a Close frame, RFC 6455, 5.5.1.
 * @param code see `isCloseCode`; without it the payload is empty, or says 1000 when there is a reason
 * @param reason at most 123 bytes of UTF-8
 * @throws RangeError
 */
export function closeBody(code: number, reason = ""): Buffer {
    if (code === undefined) {
        if (!reason) return Buffer.alloc(0)
        code = CLOSE_NORMAL
    }
    if (!isCloseCode(code))
        throw new RangeError(
            `close code ${code}: expected 1000-1003, 1007-1014 or 3000-4999`
        )
    const length = reason.byteLength
    if (length > MAX_CONTROL - 2)
        throw new RangeError(
            `close reason of ${length} bytes: expected at most ${MAX_CONTROL - 2}`
        )
    const body = Buffer.alloc(2 + length)
    body[0] = code >> 8
    body[1] = code & 0xff
    body.blitAt(2, reason, 0, length)
    return body
}
