import { connect as connectTcp, Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions } from "node:tls"
import type { Carrier, SocketEvent } from "./carrier.ts"
import { DelayLine } from "./delay.ts"
import type { Delivery, Firmware, Stage } from "./firmware.ts"

/** The codes of the firmware's jd_tcpsock_write(). */
export const ACCEPTED = 0
export const WOULD_BLOCK = -1
export const NOT_CONNECTED = -10

export interface Address {
    host: string
    port: number
    secure: boolean
}

/** The board's link as a connection sees it. */
export interface Medium {
    readonly firmware: Firmware
    readonly delivery: Delivery
    readonly tls?: Pick<ConnectionOptions, "ca" | "rejectUnauthorized">
    readonly refused: boolean
    /** Milliseconds. */
    readonly delay: number
    readonly fault: "none" | "stall" | "silence"
    /** Nothing moves: a stall, or no Wi-Fi. */
    readonly isStalled: boolean
    /** Every socket, so that none outlives the board. */
    adopt(socket: Socket): void
    emit(event: "sent" | "received" | "lost", bytes: Uint8Array): boolean
    emit(event: "close"): boolean
}

/** The VM as a connection sees it. */
export interface Receiver {
    /** There is something for the program: `next()` will give it. */
    wake(): void
    /** Whether the program has worked off enough of what it got. */
    hasRoom(): boolean
}

/**
 * One TCP or TLS connection of the program.
 *
 *     program ── write() ──> outgoing ──> socket ──> peer
 *     program <── next() ── incoming, events <── socket <── peer
 *
 * `outgoing` holds what the socket does not take yet; `incoming` what the program is not ready for, and while there is
 * anything in it the socket is paused.
 */
export class Connection implements Carrier {
    private readonly socket: Socket
    private readonly outgoing: Uint8Array[] = []
    private readonly incoming: Buffer[] = []
    private readonly events: SocketEvent[] = []
    /** What happens only after the link's delay. */
    private readonly delayed = new DelayLine()
    private stage: Stage = "connect"
    /** Bytes that the program may still get before the VM runs. */
    private allowance = 0
    private connected = false
    private draining = false
    private over = false

    constructor(
        private readonly link: Medium,
        private readonly address: Address,
        private readonly vm: Receiver
    ) {
        const { host, port, secure } = address
        const refused = link.refused || port > 0xffff
        if (refused) this.socket = new Socket()
        else if (secure) this.socket = connectTls({ host, port, ...link.tls })
        else this.socket = connectTcp({ host, port })
        link.adopt(this.socket)
        this.watch()
        if (refused)
            this.socket.destroy(
                new Error(`connect ECONNREFUSED ${host}:${port}`)
            )
    }

    private watch() {
        const { host, port, secure } = this.address
        const name = `${secure ? "tls" : "tcp"}://${host}:${port}`
        const socket = this.socket
        const { tls, peerClosed } = this.link.firmware
        socket.setNoDelay(true)
        socket.once("connect", () => {
            this.stage = secure ? "handshake" : "transfer"
            if (!secure || tls === "connect") this.later(() => this.opened())
        })
        socket.once("secureConnect", () => {
            this.stage = "transfer"
            if (tls === "handshake") this.later(() => this.opened())
        })
        socket.on("data", bytes => this.later(() => this.receive(bytes)))
        socket.on("end", () => this.later(() => this.finish(peerClosed)))
        socket.on("close", () => this.later(() => this.finish(peerClosed)))
        socket.on("error", (error: NodeJS.ErrnoException) => {
            const stage =
                error.syscall === "getaddrinfo" ? "resolve" : this.stage
            const text = this.link.firmware.error(stage, name, error.message)
            this.later(() => this.finish(text))
        })
    }

    /** Runs `action` after the link's delay, and after those before it. */
    private later(action: () => void) {
        if (!this.over) this.delayed.after(this.link.delay, action)
    }

    private opened() {
        this.connected = true
        this.report({ type: "open" })
    }

    private report(event: SocketEvent) {
        this.events.push(event)
        this.vm.wake()
    }

    private receive(bytes: Buffer) {
        if (this.over || this.link.fault === "silence") return
        this.incoming.push(bytes)
        this.vm.wake()
        if (this.incoming.length) this.socket.pause()
    }

    /** @param error what went wrong; nothing: the peer closed */
    private finish(error?: string) {
        if (this.over || this.link.fault === "silence") return
        this.release()
        if (error === undefined) this.report({ type: "close" })
        else this.report({ type: "error", text: error })
    }

    private release() {
        this.over = true
        this.connected = false
        this.outgoing.length = 0
        this.delayed.clear()
        this.socket.destroySoon()
    }

    write(bytes: Uint8Array): number {
        if (!this.connected) return NOT_CONNECTED
        const { queue, breaksWhenFull, tlsWrite } = this.link.firmware
        if (this.address.secure && bytes.length >= tlsWrite)
            throw new RangeError(
                `expected less than ${tlsWrite} bytes in one TLS write, more crashes the firmware; the program wrote ${bytes.length}`
            )
        const waiting = this.outgoing.reduce((sum, b) => sum + b.length, 0)
        if (
            this.outgoing.length >= queue.writes ||
            waiting + bytes.length > queue.bytes
        ) {
            if (breaksWhenFull) this.finish(`write error: ${WOULD_BLOCK}`)
            return WOULD_BLOCK
        }
        this.link.emit("sent", bytes)
        if (this.link.fault === "silence") return ACCEPTED
        this.outgoing.push(bytes)
        this.later(() => this.flush())
        return ACCEPTED
    }

    private flush() {
        if (this.over || this.draining) return
        while (
            this.outgoing.length &&
            this.link.fault === "none" &&
            !this.link.isStalled
        ) {
            if (this.socket.write(this.outgoing.shift()!)) continue
            this.draining = true
            this.socket.once("drain", () => {
                this.draining = false
                this.flush()
            })
            return
        }
    }

    next(idle: boolean): SocketEvent | undefined {
        const { delivery, firmware, isStalled } = this.link
        if (idle) this.allowance = firmware.window
        if (isStalled) return undefined
        if (delivery === "burst") this.allowance = Infinity
        else if (!idle && this.allowance <= 0) return undefined
        if (this.events[0]?.type !== "open" && this.incoming.length) {
            if (delivery === "consumed" && !this.vm.hasRoom()) return undefined
            return { type: "data", bytes: this.piece() }
        }
        const event = this.events.shift()
        if (event && event.type !== "open") this.link.emit("close")
        return event
    }

    private piece(): Buffer {
        const first = this.incoming[0]
        const bytes = first.subarray(0, this.link.firmware.piece)
        if (bytes.length < first.length)
            this.incoming[0] = first.subarray(bytes.length)
        else this.incoming.shift()
        if (!this.incoming.length && !this.over) this.socket.resume()
        this.allowance =
            this.link.delivery === "consumed"
                ? 0
                : this.allowance - bytes.length
        this.link.emit("received", bytes)
        return bytes
    }

    /** The link's fault began or ended. */
    faultChanged() {
        if (this.over || this.link.isStalled) return
        if (this.link.fault === "silence") {
            this.outgoing.length = 0
            this.incoming.length = 0
            this.socket.resume()
            return
        }
        this.flush()
        this.vm.wake()
    }

    reset() {
        if (this.over) return
        const { firmware } = this.link
        this.socket.resetAndDestroy()
        this.finish(firmware.error("transfer", "reset", "ECONNRESET"))
    }

    stop() {
        this.close()
    }

    close() {
        if (this.over) return
        this.release()
        this.events.length = 0
        this.incoming.length = 0
        this.link.emit("close")
    }
}
