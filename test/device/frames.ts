import { base64 } from "../../src/protocol/base64"
import {
    FIN,
    OP_BINARY,
    OP_CLOSE,
    OP_CONTINUATION,
    OP_PING,
    OP_PONG,
    OP_TEXT,
} from "../../src/protocol/codes"
import { sha1 } from "../../src/protocol/sha1"

/** A frame as a server sends it, RFC 6455, 5.2. @param head its first byte */
export function frame(head: number, payload: string | Buffer): Buffer {
    const data = typeof payload === "string" ? Buffer.from(payload) : payload
    return frameHead(head, data.length).concat(data)
}

/** The header of a frame without a mask; the length in its shortest form. */
export function frameHead(head: number, length: number): Buffer {
    if (length < 126) return Buffer.from([head, length])
    if (length < 0x10000)
        return Buffer.from([head, 126, length >> 8, length & 0xff])
    const out = Buffer.alloc(10)
    out[0] = head
    out[1] = 127
    for (let i = 9; i > 1; --i) {
        out[i] = length % 256
        length = Math.floor(length / 256)
    }
    return out
}

export function text(payload: string | Buffer): Buffer {
    return frame(FIN | OP_TEXT, payload)
}

export function binary(payload: Buffer): Buffer {
    return frame(FIN | OP_BINARY, payload)
}

/** The first fragment of a text. */
export function textStart(payload: string | Buffer): Buffer {
    return frame(OP_TEXT, payload)
}

/** A fragment behind the first one. */
export function more(payload: string | Buffer): Buffer {
    return frame(OP_CONTINUATION, payload)
}

/** The last fragment. */
export function lastPart(payload: string | Buffer): Buffer {
    return frame(FIN | OP_CONTINUATION, payload)
}

export function ping(payload: string | Buffer): Buffer {
    return frame(FIN | OP_PING, payload)
}

export function pong(payload: string | Buffer): Buffer {
    return frame(FIN | OP_PONG, payload)
}

/** A Close frame, RFC 6455, 5.5.1; without a code its payload is empty. */
export function closing(code?: number, reason = ""): Buffer {
    if (code === undefined) return frame(FIN | OP_CLOSE, "")
    const body = Buffer.from([code >> 8, code & 0xff])
    return frame(FIN | OP_CLOSE, body.concat(Buffer.from(reason)))
}

/** What a server answers to a key, RFC 6455, 4.2.2. */
export function acceptKey(key: string): string {
    return base64(
        sha1(Buffer.from(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
    )
}

/** The value of a header in a request; undefined without one. */
export function headerOf(request: string, name: string): string {
    const at = request.indexOf(`\r\n${name}: `)
    if (at < 0) return undefined
    const from = at + name.length + 4
    return request.slice(from, request.indexOf("\r\n", from))
}

/** The reply that accepts an upgrade request. @param headers further lines, each with its line end */
export function acceptance(request: string, headers = ""): string {
    const accept = acceptKey(headerOf(request, "Sec-WebSocket-Key"))
    return (
        "HTTP/1.1 101 Switching Protocols\r\n" +
        "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\n${headers}\r\n`
    )
}

/** Bytes without a short period, other in each place that matters to masks and to slices. */
export function pattern(length: number): Buffer {
    const data = Buffer.alloc(length)
    for (let i = 0; i < length && i < 251; ++i) data[i] = i ^ 0x5a
    for (let done = 251; done < length; done *= 2)
        data.blitAt(done, data, 0, Math.min(done, length - done))
    return data
}
