import * as ds from "@devicescript/core"
import { Signal } from "../fiber/signal"
import { Address, Stream, StreamError } from "./stream"

/** The VM's own socket functions; `@devicescript/net` stands on the same. */
type Sockets = typeof ds & {
    /** @param port negative: TLS. @returns 0 even when it failed at once */
    _socketOpen(host: string, port: number): number
    _socketClose(): number
    _socketWrite(data: Buffer): number
    _socketOnEvent(event: string, arg?: Buffer | string): void
}
const sockets = ds as Sockets

/** Results of `_socketWrite`. */
const WOULD_BLOCK = -1
const NO_SOCKET = -100

/** Most bytes in one write: a TLS record of the ESP32 and the send buffer of the Pico W take that much. */
const MAX_WRITE = 1024

/** Most bytes that wait to be read: nothing holds the network back, so a burst beyond this ends the connection. */
const MAX_UNREAD = 24576

/** Counted for each piece that waits beside its bytes: a heap block of its own, and a list that doubles. */
const OVERHEAD = 64

/** Milliseconds to wait while the network takes no more. */
const RETRY = 10

/** Boards whose firmware has no TLS. */
const WITHOUT_TLS = " rp2040 rp2040w esp32s2 "

/**
 * Opens a TCP or TLS connection with the board's own network: Wi-Fi, or the simulator. The board has one socket.
 * @throws StreamError when there is no network, no TLS, or the socket is in use; when it is refused or takes too long
 */
export async function dialNative(address: Address): Promise<Stream> {
    const stream = new NativeStream(address)
    await stream.open(address)
    return stream
}

/** The stream that has the board's socket. */
let current: NativeStream

/** Called by the VM, in a fiber of its own. */
function onSocketEvent(event: string, arg?: Buffer | string) {
    if (current) current.event(event, arg)
}

/** The VM's `_socketOpen`, once `guard` has put itself before it. */
let openSocket: (host: string, port: number) => number

/**
 * Opening the socket again, by `@devicescript/net` say, would kill the stream that has it without a word, and what we
 * write would go to the new peer. From the first dial on it is an error instead.
 */
function guard() {
    if (openSocket) return
    openSocket = sockets._socketOpen
    sockets._socketOpen = (host, port) => {
        if (current) {
            // Whoever comes here has made itself the one to be told what happens on the socket.
            sockets._socketOnEvent = onSocketEvent
            throw new StreamError(
                `can't connect to ${host}: ${current.name} has the board's only socket`
            )
        }
        return openSocket(host, port)
    }
}

class NativeStream implements Stream {
    readonly name: string
    private chunks: Buffer[] = []
    private unread = 0
    private isOpen = false
    private isClosed = false
    private error: Error
    private readonly changed = new Signal()

    constructor(address: Address) {
        const { host, port, secure } = address
        this.name = `${secure ? "tls" : "tcp"}://${host}:${port}`
    }

    async open(address: Address) {
        const { host, port, secure } = address
        const arch = ds._dcfgString("archId")
        if (secure && WITHOUT_TLS.indexOf(` ${arch} `) >= 0)
            throw this.failure(
                `the firmware for ${arch} has no TLS: use ws://, or a TLS proxy in your network`
            )
        this.checkFree()
        // Events of the socket before, if any, are still on their way: let them pass.
        await ds.sleep(1)
        this.checkFree()
        guard()
        current = this
        sockets._socketOnEvent = onSocketEvent
        try {
            openSocket(host, secure ? -port : port)
        } catch (e: any) {
            this.finish()
            throw this.failure(e.message)
        }
        // _socketOpen does not tell, but leaves no socket when it failed at once.
        if (sockets._socketWrite(undefined) === NO_SOCKET) {
            this.finish()
            throw this.error || this.failure("can't connect")
        }
        const timeout = address.timeout || 30000
        const deadline = ds.millis() + timeout
        while (!this.isOpen) {
            if (this.error) throw this.error
            if (this.isClosed) throw this.failure("closed while connecting")
            const left = deadline - ds.millis()
            if (left <= 0) {
                await this.close()
                throw this.failure(`no connection within ${timeout} ms`)
            }
            await this.changed.wait(left)
        }
    }

    async send(data: Buffer) {
        const length = data.length
        if (length > MAX_WRITE) {
            for (let at = 0; at < length; at += MAX_WRITE)
                await this.send(
                    data.slice(at, Math.min(at + MAX_WRITE, length))
                )
            return
        }
        for (;;) {
            if (current !== this) throw this.error || this.failure("closed")
            const result = sockets._socketWrite(data)
            if (result === 0) return
            if (result !== WOULD_BLOCK)
                throw this.failure(`write failed with ${result}`)
            await ds.sleep(RETRY)
        }
    }

    async recv(timeout?: number): Promise<Buffer> {
        while (!this.chunks.length) {
            if (this.error) throw this.error
            if (this.isClosed) return null
            if (!(await this.changed.wait(timeout))) return undefined
        }
        const chunk = this.chunks[0]
        this.chunks.insert(0, -1)
        this.unread -= chunk.length + OVERHEAD
        return chunk
    }

    async close() {
        if (current === this) sockets._socketClose()
        this.chunks = []
        this.finish()
    }

    /** The board has one socket, and opening it again kills the first. */
    private checkFree() {
        let result: number
        try {
            result = sockets._socketWrite(undefined)
        } catch (e: any) {
            throw this.failure(
                `this board has no network of its own (${e.message}): connect it over Ethernet or a modem`
            )
        }
        if (result === NO_SOCKET) return
        if (sockets._socketOnEvent)
            throw this.failure("the board's only socket is in use")
        // Nobody in this run of the program has opened it: the run before has, and died of a panic.
        sockets._socketClose()
    }

    /** What the VM tells: `open`, `data`, `close`, `error`. */
    event(event: string, arg: Buffer | string) {
        if (this.isClosed) return
        if (event === "data") {
            const chunk = arg as Buffer
            this.chunks.push(chunk)
            this.unread += chunk.length + OVERHEAD
            if (this.unread > MAX_UNREAD) {
                sockets._socketClose()
                this.chunks = []
                this.error = this.failure(
                    `more than ${MAX_UNREAD} bytes came faster than they were read`
                )
                this.finish()
            }
        } else if (event === "open") this.isOpen = true
        else {
            if (event === "error") this.error = this.failure(arg + "")
            this.finish()
        }
        this.changed.notify()
    }

    private finish() {
        if (current === this) current = undefined
        this.isClosed = true
        this.changed.notify()
    }

    private failure(message: string): StreamError {
        return new StreamError(`${this.name}: ${message}`)
    }
}
