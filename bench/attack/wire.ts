import { connect, type Socket } from "node:net"

export { handshake } from "../../test/wire/client.ts"

/** Where an attack comes from: not the address of those who ask in earnest. */
const ATTACKER = "127.0.0.2"

/** Milliseconds after which an attempt that was neither answered nor dropped counts as open. */
const PATIENCE = 15_000

/** Opens a TCP connection to the server. */
export function dial(port: number): Socket {
    const socket = connect({ port, host: "127.0.0.1", localAddress: ATTACKER })
    return socket.on("error", () => {})
}

/** How an attempt ended: an HTTP status, `close` and its code, `dropped`, or `open`. */
export type Outcome = string

/**
 * Sends `bytes` and waits for the end.
 * @returns the close code of the last Close frame, the status of an answer without one, or `dropped`
 */
export function attempt(
    port: number,
    ...bytes: (string | Buffer)[]
): Promise<Outcome> {
    const socket = dial(port)
    for (const piece of bytes) socket.write(piece)
    return outcomeOf(socket)
}

/** Waits for the end of a connection. @param patience milliseconds */
export function outcomeOf(
    socket: Socket,
    patience = PATIENCE
): Promise<Outcome> {
    if (socket.destroyed) return Promise.resolve("dropped")
    let head = Buffer.alloc(0)
    let tail = Buffer.alloc(0)
    return new Promise(resolve => {
        const end = (outcome: Outcome) => {
            clearTimeout(timer)
            socket.destroy()
            resolve(outcome)
        }
        const timer = setTimeout(() => end("open"), patience)
        socket.on("data", chunk => {
            if (head.length < 64) head = Buffer.concat([head, chunk])
            tail = Buffer.concat([tail, chunk]).subarray(-128)
            const code = closeCodeOf(tail)
            if (code) end(`close ${code}`)
        })
        socket.on("close", () => {
            const status = /^HTTP\/1\.1 (\d{3})/.exec(head.toString("latin1"))
            end(status && status[1] !== "101" ? status[1] : "dropped")
        })
    })
}

/** The code of a Close frame that ends `bytes`, RFC 6455 section 5.5.1; its reason is shorter than 123 bytes. */
function closeCodeOf(bytes: Buffer): number | undefined {
    for (let at = bytes.lastIndexOf(0x88); at >= 0;) {
        const length = bytes[at + 1]
        if (length >= 2 && bytes.length - at - 2 === length)
            return bytes.readUInt16BE(at + 2)
        if (at === 0) break
        at = bytes.lastIndexOf(0x88, at - 1)
    }
    return undefined
}

/** A frame masked with zeros, RFC 6455 section 5.2. @param first its first byte: FIN, reserved bits, opcode */
export function frame(first: number, payload: Buffer | string = ""): Buffer {
    const data = Buffer.from(payload)
    const head =
        data.length < 126
            ? Buffer.from([first, 0x80 | data.length])
            : data.length < 65536
              ? Buffer.from([first, 0xfe, data.length >> 8, data.length & 255])
              : Buffer.from([first, 0xff, 0, 0, 0, 0, ...lengthOf(data)])
    return Buffer.concat([head, Buffer.alloc(4), data])
}

function lengthOf({ length }: Buffer): number[] {
    return [
        length >>> 24,
        (length >>> 16) & 255,
        (length >>> 8) & 255,
        length & 255,
    ]
}
