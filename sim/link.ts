/** The network side of a board: opens its connections and lets a test see, hold up and break them. */
import { EventEmitter } from "node:events"
import type { Socket } from "node:net"
import type { Carrier } from "./carrier.ts"
import { Esp32Socket } from "./esp32.ts"
import { Connection, type Medium, type Receiver } from "./connection.ts"
import {
    FIRMWARE,
    type Delivery,
    type Firmware,
    type Like,
} from "./firmware.ts"

export interface LinkOptions {
    /** Whose socket to imitate. Default `esp32`. */
    like?: Like
    /** Longest piece of received data that the program gets at once, in bytes. Default: the firmware's, 1,024 on ESP32. */
    piece?: number
    /**
     * When the program gets received data:
     * - `consumed`, the default but for `simulator`: when the VM is idle, and while its heap is getting full not before the
     *   program has let go of the pieces before; meanwhile TCP holds the peer up. No firmware does that: there, a sender
     *   that is faster than the program fills the heap until the program dies.
     * - `idle`: whenever the VM is idle, and then up to a TCP window at once, as ESP32 and Pico W do.
     * - `burst`: at once, in pieces of up to 64 KB, as the stock simulator does.
     */
    delivery?: Delivery
    /** Milliseconds until a connection that nobody answers has failed. Default: the firmware's, 18,000 on ESP32. */
    connectTimeout?: number
    /** How much the program may write ahead of the network. Default: the firmware's, 50 writes on ESP32. */
    queue?: Partial<Firmware["queue"]>
    /** Certificates to trust instead of Node's, and whether to verify at all. */
    tls?: Medium["tls"]
}

interface LinkEvents {
    /** The program opens a connection; `secure`: TLS. */
    open: [host: string, port: number, secure: boolean]
    /** Bytes that the program wrote and the link accepted: one event a write. */
    sent: [bytes: Uint8Array]
    /** Bytes that the program got: one event a piece. */
    received: [bytes: Uint8Array]
    /** What the program wrote and the firmware lost without a word: the ESP32 does, over TLS. */
    lost: [bytes: Uint8Array]
    /** The program closed the connection, or learned that it is gone. */
    close: []
}

/** The network as one board sees it. Its faults hold for the connection of now and for later ones. */
export class Link extends EventEmitter<LinkEvents> implements Medium {
    readonly firmware: Firmware
    readonly delivery: Delivery
    readonly tls: Medium["tls"]
    /** Connections are refused. */
    refused = false
    /** Milliseconds that everything takes longer, in each direction. */
    delay = 0

    private state: "none" | "stall" | "silence" = "none"
    private online = true
    private connection: Connection | Esp32Socket | undefined
    private readonly like: Like
    /** An ESP32 has one for all its connections. */
    private socket: Esp32Socket | undefined
    private readonly sockets = new Set<Socket>()

    constructor(options: LinkOptions = {}) {
        super()
        this.like = options.like ?? "esp32"
        const firmware = FIRMWARE[this.like]
        this.tls = options.tls
        this.delivery = options.delivery ?? firmware.delivery
        this.firmware = {
            ...firmware,
            piece: options.piece ?? firmware.piece,
            connectTimeout: options.connectTimeout ?? firmware.connectTimeout,
            queue: { ...firmware.queue, ...options.queue },
        }
    }

    /**
     * @internal The board's way to a connection.
     * @param port negative for TLS, as the VM has it
     * @returns -100 where the firmware has no TLS, as on Pico W
     */
    open(host: string, port: number, vm: Receiver): Carrier | number {
        const secure = port < 0
        if (secure && this.firmware.tls === "none") return -100
        this.emit("open", host, Math.abs(port), secure)
        const address = { host, port: Math.abs(port), secure }
        if (this.like === "esp32") {
            this.socket ??= new Esp32Socket(this, vm)
            this.socket.open(address)
            return (this.connection = this.socket)
        }
        return (this.connection = new Connection(this, address, vm))
    }

    /** @internal */
    adopt(socket: Socket) {
        this.sockets.add(socket)
        socket.once("close", () => this.sockets.delete(socket))
    }

    /** See `stall` and `silence`. */
    get fault() {
        return this.state
    }

    private setFault(fault: typeof this.state) {
        this.state = fault
        this.connection?.faultChanged()
    }

    /** Whether there is a network to dial in. Without it what is connected stays so, and nothing moves. */
    get isOnline() {
        return this.online
    }

    set isOnline(online: boolean) {
        this.online = online
        this.connection?.faultChanged()
    }

    /** @internal */
    get isStalled() {
        return this.state === "stall" || !this.online
    }

    /** Nothing moves any more, in either direction: the program's writes queue up, and TCP holds the peer up. */
    stall() {
        this.setFault("stall")
    }

    /**
     * What is on its way vanishes, in both directions, an end of the connection included: as with a radio out of reach. It is
     * not sent again later.
     */
    silence() {
        this.setFault("silence")
    }

    /** Ends `stall` and `silence`. */
    resume() {
        this.setFault("none")
    }

    /** Breaks the connection of now: both ends see a reset. */
    reset() {
        this.connection?.reset()
    }

    /** @internal Breaks everything and waits until it is gone. */
    async stop(): Promise<void> {
        this.connection?.stop()
        await Promise.all(
            [...this.sockets].map(
                socket =>
                    new Promise(closed => {
                        socket.once("close", closed)
                        socket.destroy()
                    })
            )
        )
    }
}
