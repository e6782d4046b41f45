/** What a board has written to its network, as frames (RFC 6455, 5.2). */
import assert from "node:assert/strict"
import type { Link } from "../../sim/link.ts"

export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** A frame as it was on the wire. */
export interface Frame {
    fin: boolean
    /** Bits that no extension was agreed for. */
    reserved: number
    opcode: number
    /** Bit 8 of the second byte. */
    isMasked: boolean
    key: Buffer
    /** Unmasked. */
    payload: Buffer
}

/** Listens to all that the program writes, one connection after the other. */
export class Wiretap {
    private readonly connections: Uint8Array[][] = []

    constructor(link: Link) {
        link.on("open", () => this.connections.push([]))
        link.on("sent", bytes => this.connections.at(-1)!.push(bytes))
    }

    /** How many connections there were. */
    get count(): number {
        return this.connections.length
    }

    /**
     * The frames of a connection, the upgrade request left out.
     * @param number 0 for the first
     * @param isCut the connection broke: its last frame may be incomplete, and is left out
     * @throws AssertionError when the bytes are not a request with whole frames behind it
     */
    frames(number = 0, isCut = false): Frame[] {
        const bytes = Buffer.concat(this.connections[number])
        const end = bytes.indexOf("\r\n\r\n")
        assert.match(
            bytes.toString("latin1", 0, end),
            /^GET \S+ HTTP\/1\.1\r\n/
        )
        const frames: Frame[] = []
        let at = end + 4
        while (at < bytes.length) {
            const { frame, next } = frameAt(bytes, at)
            if (next > bytes.length && isCut) break
            assert.ok(next <= bytes.length, "a frame is incomplete")
            frames.push(frame)
            at = next
        }
        return frames
    }
}

function frameAt(bytes: Buffer, at: number): { frame: Frame; next: number } {
    const [first, second] = [bytes[at], bytes[at + 1]]
    const isMasked = second > 127
    let length = second & 127
    let body = at + 2
    if (length === 126) {
        length = bytes.readUInt16BE(body)
        body += 2
    } else if (length === 127) {
        length = Number(bytes.readBigUInt64BE(body))
        body += 8
    }
    const key = bytes.subarray(body, isMasked ? (body += 4) : body)
    const payload = Buffer.from(bytes.subarray(body, body + length))
    if (isMasked) for (const i of payload.keys()) payload[i] ^= key[i & 3]
    const frame = {
        fin: first > 127,
        reserved: first & 0x70,
        opcode: first & 15,
        isMasked,
        key,
        payload,
    }
    return { frame, next: body + length }
}
