import type { Medium, Receiver } from "./connection.ts"

/** ESP-IDF, CONFIG_LWIP_TCP_WND_DEFAULT, CONFIG_LWIP_TCP_MSS and CONFIG_LWIP_TCP_RECVMBOX_SIZE. */
const WINDOW = 5744
const SEGMENT = 1440
const MAILBOX = 6
/** lwIP's fast timer, which offers a refused segment again, in milliseconds (tcp_priv.h, TCP_FAST_INTERVAL). */
const REFUSED = 250

/** What came from the peer and the program has not got yet. */
export class Inbox {
    private readonly arrived: Buffer[] = []
    /** Bytes that the program may still get before the VM runs. */
    private allowance = 0
    /** lwIP's mailbox: segments that the firmware has not looked for yet. */
    private readonly mailbox: Buffer[] = []
    private refused: NodeJS.Timeout | undefined
    /** Of the TLS record in front, what is in mbedTLS already. */
    private begun = 0

    constructor(
        private readonly link: Medium,
        private readonly vm: Receiver
    ) {}

    get isEmpty() {
        return !this.arrived.length && !this.mailbox.length
    }

    push(bytes: Buffer) {
        this.arrived.push(bytes)
    }

    /** The next piece, when the program may have it: delivery "consumed" and "burst". */
    next(idle: boolean): Buffer | undefined {
        const { delivery, firmware } = this.link
        if (!this.arrived.length) return undefined
        if (delivery === "burst") return this.piece(firmware.piece)
        if (idle) this.allowance = firmware.window
        if (this.allowance <= 0 || !this.vm.hasRoom()) return undefined
        this.allowance = 0
        return this.piece(firmware.piece)
    }

    private piece(size: number): Buffer {
        const [first] = this.arrived
        const piece = first.subarray(0, size)
        if (piece.length < first.length)
            this.arrived[0] = first.subarray(piece.length)
        else this.arrived.shift()
        return piece
    }

    /** All that one look of the firmware finds, in pieces: delivery "idle". */
    poll(secure: boolean): Buffer[] {
        return secure ? this.records() : this.segments()
    }

    /** A window full at most; and beyond six small segments the rest has to wait to be offered again. */
    private segments(): Buffer[] {
        this.fill()
        const bytes = Buffer.concat(this.mailbox.splice(0))
        return this.cut(bytes)
    }

    private fill() {
        let room = WINDOW
        while (this.arrived.length && !this.refused) {
            if (this.mailbox.length === MAILBOX) {
                this.refused = setTimeout(() => {
                    this.refused = undefined
                    this.vm.wake()
                }, REFUSED)
                return
            }
            if (room <= 0) return
            const segment = this.piece(Math.min(SEGMENT, room))
            room -= segment.length
            this.mailbox.push(segment)
        }
    }

    /** mbedTLS gives a record out once it has all of it, then the whole record at once. */
    private records(): Buffer[] {
        const pieces: Buffer[] = []
        let window = WINDOW
        while (this.arrived.length) {
            const [record] = this.arrived
            const missing = record.length - this.begun
            if (missing > window) {
                this.begun += window
                return pieces
            }
            window -= missing
            this.begun = 0
            this.arrived.shift()
            pieces.push(...this.cut(record))
        }
        return pieces
    }

    private cut(bytes: Buffer): Buffer[] {
        const { piece } = this.link.firmware
        const pieces: Buffer[] = []
        for (let at = 0; at < bytes.length; at += piece)
            pieces.push(bytes.subarray(at, at + piece))
        return pieces
    }

    clear() {
        this.arrived.length = 0
        this.mailbox.length = 0
        clearTimeout(this.refused)
    }
}
