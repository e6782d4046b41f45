import { Duplex } from "node:stream"
import { isIP, type Socket } from "node:net"
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls"

/** RFC 5246, 6.2.1: type, version and length; type 21 is an alert, which is what a connection ends with in order. */
const HEADER = 5
const ALERT = 21

/** A TCP connection under TLS 1.2 that tells how it ended: behind an alert (close_notify), or cut off. */
export class TlsRecords extends Duplex {
    /** The latest record that came was an alert. */
    isAlerted = false
    private header = Buffer.alloc(0)
    private left = 0

    constructor(private readonly tcp: Socket) {
        super()
        tcp.on("data", bytes => {
            this.look(bytes)
            if (!this.push(bytes)) tcp.pause()
        })
        tcp.on("end", () => this.push(null))
        tcp.on("error", error => this.destroy(error))
        tcp.on("close", () => this.destroy())
    }

    private look(bytes: Buffer) {
        for (let at = 0; at < bytes.length;) {
            if (this.left) {
                const size = Math.min(this.left, bytes.length - at)
                this.left -= size
                at += size
                continue
            }
            const end = at + HEADER - this.header.length
            this.header = Buffer.concat([this.header, bytes.subarray(at, end)])
            at = end
            if (this.header.length < HEADER) return
            this.isAlerted = this.header[0] === ALERT
            this.left = this.header.readUInt16BE(3)
            this.header = Buffer.alloc(0)
        }
    }

    override _read() {
        this.tcp.resume()
    }

    override _write(
        bytes: Buffer,
        _: string,
        done: (e?: Error | null) => void
    ) {
        this.tcp.write(bytes, done)
    }

    override _final(done: () => void) {
        this.tcp.end(done)
    }

    override _destroy(error: Error | null, done: (e: Error | null) => void) {
        this.tcp.destroy()
        done(error)
    }
}

const NO_NAME = new Error("a certificate is for a name, not for an address")

/** TLS as the ESP32's mbedTLS has it. @param options of the one who knows which certificates are trusted */
export function connectMbedTls(
    records: TlsRecords,
    host: string,
    options: ConnectionOptions = {}
): TLSSocket {
    return connect({
        socket: records as unknown as Socket,
        servername: isIP(host) ? undefined : host,
        maxVersion: "TLSv1.2",
        ...options,
        // mbedTLS 2 and 3.0 to 3.4 compare names only
        ...(isIP(host) && { checkServerIdentity: () => NO_NAME }),
    })
}
