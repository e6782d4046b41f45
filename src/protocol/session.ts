import { base64 } from "./base64"
import {
    CLOSE_ABNORMAL,
    CLOSE_NO_STATUS,
    CLOSE_NORMAL,
    isCloseCode,
    MAX_CONTROL,
    ProtocolError,
} from "./codes"
import { Handshake, HandshakeOptions } from "./handshake"
import { Event, Receiver, ReceiverOptions } from "./receiver"
import { Random, Sender } from "./sender"
import { Url } from "./url"

/** Makes the session of a connection. @param random is the only randomness that there is */
export type SessionMaker = (
    url: Url,
    options: HandshakeOptions,
    limits: ReceiverOptions,
    random: Random
) => Session

/**
 * @param head first byte of a frame of RFC 6455; MORE: the frame goes on
 * @param data of a message
 * @throws RangeError when a version of the protocol has nothing of this kind
 */
export type Check = (head: number, data?: string | Buffer) => void

/** A version of the protocol other than RFC 6455: `hixie76`, `hixie75`. */
export interface Version {
    session: SessionMaker
    check: Check
}

/** The session of RFC 6455. */
export function rfc6455(
    url: Url,
    options: HandshakeOptions,
    limits: ReceiverOptions,
    random: Random
): Session {
    const handshake = new Handshake(url, options, base64(random(16)))
    return new Session(handshake, new Sender(random), limits)
}

/**
 * One WebSocket connection of a client, RFC 6455, without I/O, clock or randomness of its own.
 *
 * Bytes in: `receive`, then `poll` until it says None; when it throws a ProtocolError, `fail`. Bytes out: `open` once, then
 * `sender.next` until it gives nothing.
 * @devsWhenUsed
 */
export class Session extends Receiver {
    /** The subprotocol in use; empty without one. */
    protocol = ""
    /** The handshake is done. */
    isOpen = false
    /** The peer's Close frame is here. */
    closeReceived = false
    /** The peer broke the protocol; what still comes from it is thrown away. */
    failed = false

    /** @param sender what goes out */
    constructor(
        private handshake: Handshake,
        readonly sender: Sender,
        limits: ReceiverOptions
    ) {
        super(limits)
        this.closeCode = CLOSE_ABNORMAL
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
        if (!this.isOpen) {
            at = this.handshake.receive(chunk)
            if (at < 0) return
            this.protocol = this.handshake.protocol
            this.handshake = undefined
            this.isOpen = true
        }
        this.feed(chunk, at)
    }

    /** Queues a Close frame behind the messages. @param body made by `closeBody` */
    close(body: Buffer) {
        this.sender.end(body, false)
    }

    /** Tells the peer what it did wrong. */
    fail(error: ProtocolError) {
        this.failed = true
        this.closeCode = error.code
        this.closeReason = error.message
        this.sender.end(closeBody(error.code, error.message), true)
        this.feed(undefined, 0)
    }

    /** Answers a Ping; behind a Close frame nothing counts. */
    protected override control(event: Event) {
        if (event === Event.Ping) this.sender.pong(this.payload)
        else if (event === Event.Close) {
            this.closeReceived = true
            this.feed(undefined, 0)
        }
    }

    /** Answers the peer's Close frame, before what is queued. */
    answerClose() {
        const code = this.closeCode
        this.sender.end(
            closeBody(code === CLOSE_NO_STATUS ? undefined : code),
            true
        )
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
