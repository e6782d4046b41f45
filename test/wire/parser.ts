/** Reads what the client sends, and judges it by RFC 6455, 5. */
import { isUtf8 } from "node:buffer"
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } from "./frames.ts"

/** What came from the client. */
export type ClientEvent =
    /** The opening handshake. */
    | { type: "request" }
    | { type: "message"; isText: boolean; data: Buffer }
    | { type: "ping" | "pong"; data: Buffer }
    /** `code` is undefined when the frame was empty. */
    | { type: "close"; code?: number; reason: string }
    /** The client did something that the RFC forbids. */
    | { type: "violation"; what: string }
    /** The client closed its TCP connection. */
    | { type: "end" }

const NAMES = new Map([
    [CONTINUATION, "continuation"],
    [TEXT, "text"],
    [BINARY, "binary"],
    [CLOSE, "close"],
    [PING, "ping"],
    [PONG, "pong"],
])

interface Frame {
    fin: boolean
    opcode: number
    key: Buffer
    length: number
    body: Buffer[]
    received: number
}

export class ClientParser {
    /** Masking keys so far, as hexadecimal digits. */
    readonly keys: string[] = []
    private head = Buffer.alloc(0)
    private frame?: Frame
    private message?: { isText: boolean; parts: Buffer[] }
    private closed = false

    constructor(private readonly emit: (event: ClientEvent) => void) {}

    feed(bytes: Buffer) {
        while (bytes.length) {
            if (this.closed) return this.violation("data after Close (5.5.1)")
            bytes = this.frame ? this.payload(bytes) : this.header(bytes)
            const { frame } = this
            if (frame && frame.received === frame.length) {
                this.frame = undefined
                this.complete(frame)
            }
        }
    }

    private violation(what: string) {
        this.emit({ type: "violation", what })
    }

    /** @returns what is left */
    private header(bytes: Buffer): Buffer {
        const head = Buffer.concat([this.head, bytes.subarray(0, 14)])
        const short = head.length < 2 ? 0 : head[1] & 0x7f
        const lengthSize = short === 127 ? 8 : short === 126 ? 2 : 0
        const masked = head.length < 2 || head[1] >= 0x80
        const size = 2 + lengthSize + (masked ? 4 : 0)
        if (head.length < size) {
            this.head = head
            return bytes.subarray(14)
        }
        const used = size - this.head.length
        this.head = Buffer.alloc(0)
        const length =
            lengthSize === 8
                ? Number(head.readBigUInt64BE(2))
                : lengthSize
                  ? head.readUInt16BE(2)
                  : short
        if (!masked) this.violation("frame without a mask (5.1)")
        if (lengthSize && length < (lengthSize === 2 ? 126 : 65536))
            this.violation(`length ${length} in ${lengthSize} bytes (5.2)`)
        const key = masked ? head.subarray(size - 4, size) : Buffer.alloc(4)
        this.freshKey(key.toString("hex"))
        this.begin(head[0], length, key)
        return bytes.subarray(used)
    }

    /** Two equal keys in a row happen by chance, three do not. */
    private freshKey(key: string) {
        const count = this.keys.push(key)
        if (count > 2 && key === this.keys[count - 2])
            if (key === this.keys[count - 3])
                this.violation("three frames with one masking key (5.3)")
    }

    private begin(first: number, length: number, key: Buffer) {
        const opcode = first & 0xf
        const fin = first >= 0x80
        if (first & 0x70) this.violation("reserved bits set (5.2)")
        if (!NAMES.has(opcode)) this.violation(`opcode ${opcode} (5.2)`)
        if (opcode >= CLOSE && (!fin || length > 125))
            this.violation("control frame in parts or too long (5.5)")
        if (opcode < CLOSE && (opcode === CONTINUATION) !== !!this.message)
            this.violation(`${NAMES.get(opcode)} out of order (5.4)`)
        this.frame = { fin, opcode, key, length, body: [], received: 0 }
    }

    /** @returns what is left */
    private payload(bytes: Buffer): Buffer {
        const { body, key, length, received } = this.frame!
        const part = Buffer.from(bytes.subarray(0, length - received))
        for (let i = 0; i < part.length; i++) part[i] ^= key[(received + i) & 3]
        body.push(part)
        this.frame!.received += part.length
        return bytes.subarray(part.length)
    }

    private complete({ opcode, fin, body }: Frame) {
        if (opcode < CLOSE) return this.fragment(opcode, fin, body)
        const data = Buffer.concat(body)
        if (opcode === CLOSE) this.close(data)
        else this.emit({ type: opcode === PING ? "ping" : "pong", data })
    }

    private fragment(opcode: number, fin: boolean, body: Buffer[]) {
        this.message ??= { isText: opcode === TEXT, parts: [] }
        const { isText, parts } = this.message
        for (const part of body) parts.push(part)
        if (!fin) return
        this.message = undefined
        this.emit({ type: "message", isText, data: Buffer.concat(parts) })
    }

    private close(body: Buffer) {
        this.closed = true
        const reason = body.subarray(2)
        if (body.length === 1) this.violation("Close with 1 byte (5.5.1)")
        if (!isUtf8(reason)) this.violation("reason not UTF-8 (5.5.1)")
        const code = body.length > 1 ? body.readUInt16BE() : undefined
        this.emit({ type: "close", code, reason: reason.toString() })
    }
}
