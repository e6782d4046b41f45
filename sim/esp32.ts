/**
 * The ESP32's socket, as main/sock.c of devicescript-esp32 v2.16.0 has it, its mistakes included:
 *
 * - One worker takes opens and writes out of one queue, in order. An open that has begun cannot be called off: closing the
 *   socket before it is there does nothing, and its outcome goes to whoever opens next.
 * - Events do not say which connection they are of. An `open` that finds no program behind the socket starts the
 *   firmware's own WebSocket client, which writes a request of its own.
 * - A TLS write that finds the send buffer full counts as done. What is left of its record goes out with the next
 *   write, which is dropped itself.
 */
import { connect as connectTcp, isIPv6, type Socket } from "node:net"
import type { Carrier, SocketEvent } from "./carrier.ts"
import {
    ACCEPTED,
    NOT_CONNECTED,
    WOULD_BLOCK,
    type Address,
    type Medium,
    type Receiver,
} from "./connection.ts"
import { DelayLine } from "./delay.ts"
import { Inbox } from "./inbox.ts"
import { SendBuffer } from "./send-buffer.ts"
import { connectMbedTls, TlsRecords } from "./tls-records.ts"
import { TlsWriter } from "./tls-writer.ts"

/** jacdac's websock_conn.c, with nothing filled in: nobody told that client where it goes. */
const STRAY_REQUEST =
    "GET  HTTP/1.1\r\nHost: \r\nOrigin: http://\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
    "Sec-WebSocket-Protocol: \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n"

/** What the descriptor `sock_fd` stands for, and the state of mbedTLS if it is a TLS connection. */
interface Descriptor {
    socket: Socket
    sending: SendBuffer
    receiving: Inbox
    stage: "handshake" | "transfer"
    /** Of a TLS connection. */
    tls?: TlsWriter
    /** What the program is told behind the last of the peer's bytes. */
    end?: SocketEvent
}

/** What breaks a TLS connection, before it is there and after. */
const TLS_ERRORS = {
    handshake: "mbedtls_ssl_handshake",
    transfer: "mbedtls_ssl_read",
}

/** Milliseconds: main.c, sync_main_loop_timer(). */
const TICK = 10

export class Esp32Socket implements Carrier {
    /** It belongs to the board, not to a connection. */
    readonly stays = true
    private readonly commands: (Address | Uint8Array)[] = []
    private readonly events: SocketEvent[] = []
    private readonly delayed = new DelayLine()
    private descriptor: Descriptor | undefined
    /** The worker is at an open. */
    private busy = false
    /** What it could not write yet. */
    private rest: Uint8Array | undefined
    /** The program has opened the socket, and was not told of its end. */
    private owned = false
    private connecting: Socket | undefined
    /** An open that waits for a network. */
    private start: (() => void) | undefined
    private giveUp: NodeJS.Timeout | undefined
    /** What the latest look at the network found, and the next one. */
    private readonly polled: SocketEvent[] = []
    private ticking: NodeJS.Timeout | undefined

    constructor(
        private readonly link: Medium,
        private readonly vm: Receiver
    ) {}

    open(address: Address) {
        this.owned = true
        this.commands.push(address)
        this.work()
    }

    write(bytes: Uint8Array): number {
        const { queue, tlsWrite } = this.link.firmware
        if (!bytes.length)
            throw new RangeError(
                "expected bytes to write, none panics the firmware"
            )
        if (!this.descriptor) return NOT_CONNECTED
        if (this.descriptor.tls && bytes.length >= tlsWrite)
            throw new RangeError(
                `expected less than ${tlsWrite} bytes in one TLS write, more crashes the firmware; the program wrote ${bytes.length}`
            )
        if (this.commands.length >= queue.writes) return WOULD_BLOCK
        this.link.emit("sent", bytes)
        this.commands.push(bytes)
        this.work()
        return ACCEPTED
    }

    /** jd_tcpsock_close(): nothing is reported any more; while there is no descriptor the worker goes on all the same. */
    close() {
        this.owned = false
        if (this.descriptor) this.link.emit("close")
        this.drop()
    }

    private drop() {
        const { descriptor } = this
        if (!descriptor) return
        this.descriptor = undefined
        // the worker's handshake fails, and finds nobody to tell
        if (descriptor.stage === "handshake") this.busy = false
        descriptor.sending.close()
        this.later(() => descriptor.socket.destroySoon())
    }

    // the worker

    private readonly work = () => {
        while (!this.busy) {
            const command = this.rest ?? this.commands.shift()
            this.rest = undefined
            if (!command) return
            if ("host" in command) {
                this.drop()
                this.connect(command)
            } else {
                this.rest = this.transmit(command)
                if (this.rest) return
            }
        }
    }

    /** @returns what has to wait for room */
    private transmit(bytes: Uint8Array): Uint8Array | undefined {
        const { descriptor, link } = this
        if (!descriptor || link.fault === "silence") return undefined
        const { sending, tls } = descriptor
        if (tls) {
            if (!tls.write(bytes)) link.emit("lost", bytes)
            return undefined
        }
        const size = Math.min(bytes.length, sending.room)
        if (size) sending.push(size, bytes.subarray(0, size))
        return size < bytes.length ? bytes.subarray(size) : undefined
    }

    private connect(address: Address) {
        this.busy = true
        const { host, port } = address
        const { link } = this
        this.giveUp = setTimeout(
            () => this.failed("can't connect"),
            link.firmware.connectTimeout
        )
        this.start = () => {
            this.start = undefined
            // there is an address for IPv4 only
            if (link.refused || port > 0xffff || isIPv6(host))
                return this.later(() => this.failed("can't connect"))
            const tcp = connectTcp({ host, port, family: 4 })
            link.adopt(tcp)
            tcp.setNoDelay(true)
            tcp.once("error", (error: NodeJS.ErrnoException) => {
                if (this.connecting === tcp)
                    this.later(() =>
                        this.failed(
                            error.syscall === "getaddrinfo"
                                ? "can't resolve host"
                                : "can't connect"
                        )
                    )
            })
            tcp.once("connect", () =>
                this.later(() => this.connected(tcp, address))
            )
            this.connecting = tcp
        }
        // a SYN that nobody answers is sent again and again, and may come through later
        if (!this.isDead) this.start()
    }

    private get isDead(): boolean {
        return this.link.isStalled || this.link.fault === "silence"
    }

    private connected(tcp: Socket, { host, secure }: Address) {
        if (this.connecting !== tcp) return
        this.connecting = undefined
        clearTimeout(this.giveUp)
        const { link } = this
        if (!secure) {
            this.descriptor = this.describe(tcp)
            this.finish({ type: "open" })
            return
        }
        const records = new TlsRecords(tcp)
        const tls = connectMbedTls(records, host, link.tls)
        const descriptor = this.describe(tls, records)
        this.descriptor = descriptor
        tls.once("secureConnect", () =>
            this.later(() => {
                if (this.descriptor !== descriptor) return
                descriptor.stage = "transfer"
                this.finish({ type: "open" })
            })
        )
    }

    private describe(socket: Socket, records?: TlsRecords): Descriptor {
        const sending = new SendBuffer({
            medium: this.link,
            transmit: (bytes, taken) => socket.write(bytes, taken),
            room: this.work,
        })
        const descriptor: Descriptor = {
            socket,
            tls: records && new TlsWriter(sending),
            stage: records ? "handshake" : "transfer",
            receiving: new Inbox(this.link, this.vm),
            sending,
        }
        const then = (action: () => void) =>
            this.later(() => {
                if (this.descriptor === descriptor) action()
            })
        socket.on("data", (bytes: Buffer) =>
            then(() => this.receive(descriptor, bytes))
        )
        socket.on("end", () =>
            then(() =>
                records && !records.isAlerted
                    ? this.broken(descriptor)
                    : this.ended(descriptor, { type: "close" })
            )
        )
        socket.on("error", () => then(() => this.broken(descriptor)))
        socket.on("close", () => then(() => this.broken(descriptor)))
        return descriptor
    }

    private receive(descriptor: Descriptor, bytes: Buffer) {
        if (this.link.fault === "silence") return
        descriptor.receiving.push(bytes)
        this.wake()
        if (!descriptor.receiving.isEmpty) descriptor.socket.pause()
    }

    private broken(descriptor: Descriptor) {
        const { tls, stage } = descriptor
        const text = tls ? TLS_ERRORS[stage] : "recv error"
        this.ended(descriptor, { type: "error", text })
    }

    /** Behind what has arrived. */
    private ended(descriptor: Descriptor, end: SocketEvent) {
        if (this.link.fault === "silence") return
        descriptor.end ??= end
        if (descriptor.stage === "handshake") {
            this.drop()
            this.finish(end)
        } else this.wake()
    }

    private failed(text: string) {
        this.connecting?.destroy()
        this.connecting = undefined
        this.finish({ type: "error", text })
    }

    /** The open is done with, well or not. */
    private finish(event: SocketEvent) {
        clearTimeout(this.giveUp)
        this.start = undefined
        this.busy = false
        this.events.push(event)
        this.wake()
        this.work()
    }

    // jd_tcpsock_process()

    next(idle: boolean): SocketEvent | undefined {
        if (this.link.isStalled) return undefined
        for (;;) {
            const event =
                this.link.delivery === "idle"
                    ? this.polled.shift()
                    : this.take(idle)
            if (!event) return undefined
            if (this.owned) return this.tell(event)
            // jd_tcpsock_on_event() has its own WebSocket client when nobody else is there
            if (event.type === "open") this.write(Buffer.from(STRAY_REQUEST))
        }
    }

    private tell(event: SocketEvent): SocketEvent {
        if (event.type === "data") this.link.emit("received", event.bytes)
        else if (event.type !== "open") {
            this.owned = false
            this.link.emit("close")
        }
        return event
    }

    private take(idle: boolean): SocketEvent | undefined {
        if (this.events.length) return this.events.shift()
        const { descriptor } = this
        if (!descriptor || descriptor.stage === "handshake") return undefined
        const { receiving } = descriptor
        const bytes = receiving.next(idle)
        if (bytes) {
            if (receiving.isEmpty) descriptor.socket.resume()
            return { type: "data", bytes }
        }
        return this.takeEnd(descriptor)
    }

    /** The peer's end is seen behind the last of its bytes. */
    private takeEnd(descriptor: Descriptor): SocketEvent | undefined {
        const { end, receiving } = descriptor
        if (!end || !receiving.isEmpty) return undefined
        this.drop()
        return end
    }

    /** Every 10 ms the firmware looks at its queue of events and at the descriptor. */
    private poll() {
        this.ticking = undefined
        this.polled.push(...this.events.splice(0))
        const { descriptor } = this
        if (descriptor && descriptor.stage !== "handshake") {
            const { receiving, socket, tls } = descriptor
            for (const bytes of receiving.poll(!!tls))
                this.polled.push({ type: "data", bytes })
            if (receiving.isEmpty) {
                socket.resume()
                const end = this.takeEnd(descriptor)
                if (end) this.polled.push(end)
            } else this.wake()
        }
        this.vm.wake()
    }

    private readonly wake = () => {
        if (this.link.delivery !== "idle") return this.vm.wake()
        this.ticking ??= setTimeout(
            () => this.poll(),
            TICK - (performance.now() % TICK)
        )
    }

    // the network

    private later(action: () => void) {
        this.delayed.after(this.link.delay, action)
    }

    faultChanged() {
        const { descriptor } = this
        if (this.isDead) {
            if (this.link.fault !== "silence" || !descriptor) return
            descriptor.receiving.clear()
            descriptor.socket.resume()
            return
        }
        this.start?.()
        descriptor?.sending.flush()
        this.work()
        this.wake()
    }

    reset() {
        const { descriptor } = this
        if (!descriptor) return
        descriptor.sending.abort()
        descriptor.socket.resetAndDestroy()
        this.broken(descriptor)
    }

    /** The board is gone. */
    stop() {
        clearTimeout(this.giveUp)
        clearTimeout(this.ticking)
        this.ticking = undefined
        this.delayed.clear()
        this.descriptor?.receiving.clear()
        this.descriptor?.socket.destroySoon()
        this.connecting?.destroy()
        this.descriptor = this.connecting = this.start = undefined
        this.commands.length = 0
        this.events.length = 0
        this.polled.length = 0
        this.rest = undefined
        this.busy = false
    }
}
