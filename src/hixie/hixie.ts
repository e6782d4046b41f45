import {
    CLOSE_NO_STATUS,
    CLOSE_TOO_BIG,
    FIN,
    OP_BINARY,
    OP_CLOSE,
    OP_PING,
    OP_TEXT,
    ProtocolError,
} from "../protocol/codes"
import { Handshake75, Handshake76 } from "./handshake"
import { HixieSender } from "./sender"
import { Event, ReceiverOptions } from "../protocol/receiver"
import { Check, Session, SessionMaker, Version } from "../protocol/session"

/** First byte of a text frame. */
const TEXT = 0x00

/** Ends a text frame; as a first byte with the length 0 it is the closing frame of draft-hixie-76. */
const END = 0xff

/** Bit of a first byte: a length follows, in digits of 7 bits whose top bit says that there is another. */
const HAS_LENGTH = 0x80

/** Most digits of a length: beyond them numbers are not exact. */
const MAX_DIGITS = 7

/** What comes next from the server. */
enum Expect {
    /** The first byte of a frame. */
    Type,
    /** Text up to 0xFF. */
    Text,
    /** Up to 0xFF, of a type that nobody knows. */
    Unknown,
    /** A digit of a length. */
    Length,
    /** So many bytes that nobody knows. */
    Skip,
}

/** The version of draft-hixie-thewebsocketprotocol-76, the same as draft-ietf-hybi-thewebsocketprotocol-00. */
export function hixie76(): Version {
    const check = checker("draft-hixie-76")
    return version(check, (url, options, limits, random) => {
        const handshake = new Handshake76(url, options, random)
        return new HixieSession(handshake, limits, check, true)
    })
}

/** The version of draft-hixie-thewebsocketprotocol-75, which has no closing handshake. */
export function hixie75(): Version {
    const check = checker("draft-hixie-75")
    return version(check, (url, options, limits) => {
        const handshake = new Handshake75(url, options)
        return new HixieSession(handshake, limits, check, false)
    })
}

function version(check: Check, session: SessionMaker): Version {
    return { check, session }
}

/** The drafts have whole text messages only. */
function checker(name: string): Check {
    return (head: number, data?: string | Buffer) => {
        const opcode = head & 0xf
        let what = ""
        if (opcode === OP_BINARY) what = "binary messages"
        else if (opcode === OP_PING) what = "Pings"
        else if (opcode === OP_CLOSE) what = "close codes and reasons"
        else if (head === OP_TEXT)
            what = "fragments: the message's length is needed"
        if (what) throw new RangeError(`${name} has no ${what}`)
        // It would end the frame.
        if (data instanceof Buffer && data.indexOf(END) >= 0)
            throw new RangeError("text with a byte 0xff: expected UTF-8")
    }
}

/**
 * One WebSocket connection of a client, draft-hixie-75 or -76: frames of text from 0x00 to 0xFF. What is of another type is
 * skipped, as the drafts want it (4.2).
 * @devsWhenUsed
 */
class HixieSession extends Session {
    private readonly hixieSender: HixieSender
    /** The headers of the reply are complete. */
    private greeted = false
    private expect = Expect.Type
    private type: number
    private digits: number

    /** @param hasClose the closing frame exists */
    constructor(
        private readonly upgrade: Handshake75,
        limits: ReceiverOptions,
        private readonly check: Check,
        private readonly hasClose: boolean
    ) {
        const sender = new HixieSender(check, hasClose)
        super(upgrade, sender, limits)
        this.hixieSender = sender
    }

    override receive(chunk: Buffer) {
        if (this.closeReceived || this.failed) return
        let at = 0
        if (!this.isOpen) {
            const { upgrade } = this
            if (!this.greeted) at = upgrade.receive(chunk)
            if (at < 0) return
            this.greeted = true
            at = upgrade.receiveAnswer(chunk, at)
            if (at < 0) return
            this.protocol = upgrade.protocol
            this.isOpen = true
        }
        this.feed(chunk, at)
    }

    /** @throws RangeError when there is a code or a reason */
    override close(body: Buffer) {
        if (body.length) this.check(FIN | OP_CLOSE)
        this.sender.end(body, false)
    }

    override poll(): Event {
        const { chunk } = this
        if (!chunk) return Event.None
        if (this.at < chunk.length && this.expect === Expect.Type)
            this.begin(chunk[this.at++])
        if (this.at >= chunk.length) {
            this.chunk = undefined
            return Event.None
        }
        if (this.expect === Expect.Text) return this.text(chunk)
        if (this.expect === Expect.Length) return this.length(chunk)
        this.skip(chunk)
        return Event.Part
    }

    private begin(type: number) {
        this.type = type
        if (type & HAS_LENGTH) {
            this.expect = Expect.Length
            this.remaining = 0
            this.digits = 0
        } else if (type === TEXT) {
            this.expect = Expect.Text
            this.opcode = OP_TEXT
            this.startFrame(0)
        } else this.expect = Expect.Unknown
    }

    private text(chunk: Buffer): Event {
        const { at, maxMessage } = this
        const end = chunk.indexOf(END, at)
        const size = (end < 0 ? chunk.length : end) - at
        this.fin = end >= 0
        if (this.size + size > maxMessage)
            throw new ProtocolError(
                `message of more than ${maxMessage} bytes`,
                CLOSE_TOO_BIG
            )
        // Without the end at hand there is at least that to come.
        this.remaining = this.fin ? size : size + 1
        const complete = this.slice()
        this.size += this.at - at
        if (!this.inMessage) {
            this.at++
            this.expect = Expect.Type
        }
        return complete ? Event.Data : Event.Part
    }

    /** Takes a digit of a length. */
    private length(chunk: Buffer): Event {
        const digit = chunk[this.at++]
        const length = this.remaining * 128 + (digit & 0x7f)
        this.remaining = length
        if (++this.digits > MAX_DIGITS)
            throw new ProtocolError(
                `length of a frame: expected at most ${MAX_DIGITS} digits`
            )
        if (digit & HAS_LENGTH) return Event.Part
        // Not by its truth: to the VM a number beyond 31 bits is false.
        const isEmpty = length === 0
        this.expect = isEmpty ? Expect.Type : Expect.Skip
        if (!isEmpty || this.type !== END || !this.hasClose) return Event.Part
        this.closeCode = CLOSE_NO_STATUS
        this.hixieSender.peerClosed()
        this.control(Event.Close)
        return Event.Close
    }

    private skip(chunk: Buffer) {
        const { at } = this
        if (this.expect === Expect.Unknown) {
            const end = chunk.indexOf(END, at)
            this.at = end < 0 ? chunk.length : end + 1
            if (end >= 0) this.expect = Expect.Type
        } else {
            const size = Math.min(this.remaining, chunk.length - at)
            this.at = at + size
            this.remaining -= size
            if (this.remaining === 0) this.expect = Expect.Type
        }
    }
}
