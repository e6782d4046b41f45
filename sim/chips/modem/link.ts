/** The modelled modem's radio: carries its sockets to servers on this machine, and to nowhere else. */
import { Socket } from "node:net"
import { connect as connectTls, type TLSSocket } from "node:tls"

/** Certificates in the modem's file system, PEM by file name. */
export type Trust = Record<string, string>

/** What a socket is to do before it is open. */
export interface Security {
    /** Name that is sent to the server; undefined: none. */
    serverName?: string
    /** File of the certificate that the server's must lead to; undefined: any server will do. */
    authority?: string
    /** The certificate must be for this name; undefined: for any. */
    host?: string
}

/** What the modem learns of a socket. */
export interface SocketEvents {
    open(): void
    failed(reason: "dns" | "refused" | "handshake"): void
    /** There is something to read, and there was nothing before. */
    data(): void
    /** Closed by the peer or the network. */
    closed(): void
}

/** What a socket keeps before the peer has to wait: the modem's TCP window. */
const WINDOW = 8192

/** Names that the operator's DNS knows, all of this machine. */
const HOSTS = ["machine.lan", "localhost", "127.0.0.1"]

/** All sockets of a modem. */
export class ModemLink {
    readonly sockets = new Set<ModemSocket>()
    /** Nothing is answered any more. */
    silent = false

    constructor(readonly trust: Trust = {}) {}

    open(
        host: string,
        port: number,
        events: SocketEvents,
        security?: Security
    ): ModemSocket {
        const socket = new ModemSocket(this, events)
        this.sockets.add(socket)
        if (HOSTS.includes(host)) socket.connect(port, security)
        else setImmediate(() => socket.fail("dns"))
        return socket
    }

    closeAll(): void {
        for (const socket of [...this.sockets]) socket.close()
    }

    /** Every peer resets its connection. */
    resetAll(): void {
        for (const socket of [...this.sockets]) socket.reset()
    }
}

/** One socket. */
export class ModemSocket {
    private socket: Socket | undefined
    /** Bytes that have come so far. */
    total = 0
    private received = Buffer.alloc(0)
    private opened = false
    private over = false

    constructor(
        private readonly link: ModemLink,
        private readonly events: SocketEvents
    ) {}

    connect(port: number, security?: Security): void {
        const plain = new Socket()
        plain.setNoDelay(true)
        plain.connect(port, "127.0.0.1")
        this.socket = plain
        plain.on("error", () => this.fail("refused"))
        if (!security) return this.use(plain, "connect")
        const secured = this.secure(plain, security)
        this.socket = secured
        secured.on("error", () => this.fail("handshake"))
        this.use(secured, "secureConnect")
    }

    private secure(socket: Socket, security: Security): TLSSocket {
        const { serverName, authority, host } = security
        const names = connectTls({
            socket,
            servername: serverName ?? "",
            ca:
                authority === undefined
                    ? undefined
                    : this.link.trust[authority],
            rejectUnauthorized: authority !== undefined,
            ...(host === undefined
                ? { checkServerIdentity: () => undefined }
                : { host }),
        })
        return names
    }

    private use(socket: Socket, ready: "connect" | "secureConnect"): void {
        socket.on(ready, () => {
            if (this.over) return
            this.opened = true
            this.events.open()
        })
        socket.on("data", data => this.take(data))
        socket.on("close", () => this.ended())
        socket.on("end", () => socket.end())
    }

    private take(data: Buffer): void {
        if (this.over || this.link.silent) return
        const empty = this.received.length === 0
        this.total += data.length
        this.received = Buffer.concat([this.received, data])
        if (this.received.length >= WINDOW) this.socket?.pause()
        if (empty) this.events.data()
    }

    private ended(): void {
        if (!this.opened) return this.fail("refused")
        if (this.over) return
        this.over = true
        this.link.sockets.delete(this)
        this.events.closed()
    }

    fail(reason: "dns" | "refused" | "handshake"): void {
        if (this.over || this.opened) return
        this.over = true
        this.link.sockets.delete(this)
        this.socket?.destroy()
        this.events.failed(reason)
    }

    /** Bytes that wait to be read. */
    get waiting(): number {
        return this.received.length
    }

    read(length: number): Buffer {
        const data = this.received.subarray(0, length)
        this.received = this.received.subarray(data.length)
        if (this.received.length < WINDOW) this.socket?.resume()
        return data
    }

    write(data: Buffer): void {
        if (!this.link.silent) this.socket?.write(data)
    }

    reset(): void {
        this.socket?.resetAndDestroy()
    }

    /** Closes it without telling the program. */
    close(): void {
        this.over = true
        this.link.sockets.delete(this)
        this.socket?.destroy()
    }
}
