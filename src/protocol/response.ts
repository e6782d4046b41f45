import { ProtocolError } from "./codes"

/** Longest head of a response that is read, interim responses before it included, in bytes. */
const MAX_HEAD = 8192

/** Longest header of which the value is kept, in bytes; also of several headers of one name together. */
const MAX_HEADER = 1024

/** Where the three digits of a status line end. */
const STATUS_END = 12

const NEWLINE = 10

/**
 * The server answered, but with another status than 101. Its message is the status and the reason.
 * @devsWhenUsed
 */
export class HandshakeError extends Error {
    /**
     * @param location `Location` header, if any
     * @param retryAfter `Retry-After` header, if any: seconds or a date
     */
    constructor(
        readonly status: number,
        readonly reason: string,
        readonly location?: string,
        readonly retryAfter?: string
    ) {
        super(`${status} ${reason}`)
        this.name = "HandshakeError"
    }
}

/** The head of the response to an upgrade request, RFC 9112, 2, as far as it has come. */
export class ResponseHead {
    /** 0 until the status line is here. */
    status: number
    reason: string
    /** Values by name in lower case; those of several headers of one name joined by commas. */
    fields: Record<string, string>

    /** @internal The line that is being read, and the one before if it goes on from that; of a long one the beginning. */
    readonly line = Buffer.alloc(MAX_HEADER + 1)
    /** @internal Its length. */
    length: number
    /** @internal Whether its end is here; the next one may go on from it. */
    ended: boolean
    /** @internal Bytes so far. */
    size = 0

    /** @param names the headers to keep, in lower case */
    constructor(readonly names: string[]) {
        restart(this)
    }
}

function restart(head: ResponseHead) {
    head.status = 0
    head.fields = {}
    head.length = 0
    head.ended = false
}

/**
 * Takes the next bytes of a response. The status line decides: a header that is too long is lost, but no header hides a
 * refusal.
 * @param chunk at most some 128 bytes: a few hundred VM steps a line, and as many as the longest header has bytes, ten times
 * @returns the bytes behind the head when it says 101; `undefined` when it goes on
 * @throws HandshakeError for another status, ProtocolError for what is not a response
 */
export function readResponse(head: ResponseHead, chunk: Buffer): Buffer {
    const { line } = head
    for (let at = 0; at < chunk.length;) {
        // RFC 9112, 5.2: a line that starts with white space goes on from the last one
        if (head.ended)
            if (chunk[at] !== 0x20) if (chunk[at] !== 9) takeLine(head)
        let end = chunk.indexOf(NEWLINE, at) + 1
        head.ended = end > 0
        if (!end) end = chunk.length
        const size = end - at
        // copies what fits
        line.blitAt(head.length, chunk, at, size)
        head.length += size
        head.size += size
        at = end
        if (head.size > MAX_HEAD) {
            refuse(head)
            throw new ProtocolError("response head")
        }
        if (head.ended) {
            const first = line[0] === 13 ? 1 : 0
            if (line[first] === NEWLINE) {
                refuse(head)
                if (head.status) return chunk.slice(at)
            }
        }
    }
    return undefined
}

/**
 * Also to be called when a response ends before it is complete.
 * @throws HandshakeError when its status line refuses the upgrade
 */
export function refuse(head: ResponseHead) {
    if (!head.status) if (head.length > STATUS_END) takeLine(head)
    const { status, fields } = head
    if (status >= 200)
        throw new HandshakeError(
            status,
            head.reason,
            fields["location"],
            fields["retry-after"]
        )
    // an interim response, RFC 9110, 15.2: the real one follows
    if (status !== 101) restart(head)
}

/** The status line, RFC 9112, 4, or a header. */
function takeLine(head: ResponseHead) {
    const { line, length, status, fields } = head
    const text = textOf(line, 0, length)
    head.length = 0
    if (!status) {
        const code = parseInt(text.slice(9, STATUS_END))
        if (text.indexOf("HTTP/1.") === 0)
            if (code > 99) {
                head.status = code
                head.reason = text.slice(STATUS_END + 1)
                return
            }
        throw new ProtocolError(`status line "${text.slice(0, 40)}"`)
    }
    const colon = text.indexOf(":")
    if (colon < 1) if (status === 101) throw new ProtocolError("header")
    const name = text.slice(0, colon).toLowerCase()
    if (length > MAX_HEADER) return
    if (head.names.indexOf(name) < 0) return
    let value = textOf(line, colon + 1, length)
    if (fields[name]) value = `${fields[name]},${value}`
    if (value.byteLength <= MAX_HEADER) fields[name] = value
}

/** A part of the line without white space at its ends. */
function textOf(line: Buffer, from: number, to: number): string {
    to = Math.min(to, MAX_HEADER)
    while (to > from && line[to - 1] <= 0x20) to--
    while (from < to && line[from] <= 0x20) from++
    // The VM's decoder reads on behind what ends inside a character.
    line[to] = NEWLINE
    return line
        .slice(from, to + 1)
        .toString()
        .slice(0, -1)
}
