/** DNS messages (RFC 1035), as far as a stub resolver for IPv4 addresses needs them. */
import { setU16, u16 } from "./ip"

const HEADER = 12
const TYPE_A = 1
const TYPE_CNAME = 5
const CLASS_IN = 1

/** An answer to one query. */
export interface DnsAnswer {
    /** Four bytes; undefined when there is no address. */
    ip?: Buffer
    /** Where the chain of aliases ends. */
    name?: string
    /** Seconds. */
    ttl?: number
    /** The name does not exist, for certain. */
    unknown?: boolean
    /** What is wrong with the answer or the server. */
    failure?: string
}

/** A position in a message that moves on as it is read. */
interface Cursor {
    message: Buffer
    at: number
    /** Labels read so far. */
    labels: number
}

/**
 * Labels in all names of an answer together; six aliases and ten addresses have some 100. Pointers let a short message have
 * very long names, again and again, and the VM ends a program that computes for long without a pause.
 */
const MAX_LABELS = 300

/**
 * @param name without a dot at the end
 * @returns undefined when it is not a host name (RFC 1035, 2.3.4: labels of 1..63 bytes, 253 together)
 */
export function encodeQuery(id: number, name: string): Buffer {
    const text = Buffer.from(name)
    const { length } = text
    if (!length || length > 253) return undefined
    const query = Buffer.alloc(HEADER + length + 6)
    setU16(query, 0, id)
    query[2] = 1 // recursion desired
    query[5] = 1 // one question
    let label = 0
    for (let i = 0; i <= length; ++i) {
        if (i < length && text[i] !== 0x2e) continue
        if (i === label || i - label > 63) return undefined
        query[HEADER + label] = i - label
        query.blitAt(HEADER + label + 1, text, label, i - label)
        label = i + 1
    }
    query[query.length - 3] = TYPE_A
    query[query.length - 1] = CLASS_IN
    return query
}

/**
 * @returns undefined when the message does not answer this query: another id, another question, or no answer at all
 */
export function decodeAnswer(message: Buffer, query: Buffer): DnsAnswer {
    const { length } = query
    if (message.length < length || u16(message, 0) !== u16(query, 0))
        return undefined
    // a response (QR) to a standard query (OPCODE 0), with the question that was asked
    if ((message[2] & 0xf8) !== 0x80 || u16(message, 4) !== 1) return undefined
    const asked = query.slice(HEADER).toString("hex")
    if (message.slice(HEADER, length).toString("hex") !== asked)
        return undefined

    if (message[2] & 2) return { failure: "the answer is truncated" }
    const code = message[3] & 15
    if (code === 3) return { unknown: true }
    if (code) return { failure: `the server answers with code ${code}` }
    const answer = follow({ message, at: HEADER, labels: 0 })
    return answer || { failure: "the answer is malformed" }
}

/** Walks through the answers, from alias to alias. */
function follow(cursor: Cursor): DnsAnswer {
    const { message } = cursor
    let name = readName(cursor)
    cursor.at += 4
    let ttl = 0x7fffffff
    for (let left = u16(message, 6); left > 0; --left) {
        const owner = readName(cursor)
        const data = cursor.at + 10
        if (owner === undefined || data > message.length) return undefined
        const type = u16(message, cursor.at)
        const length = u16(message, cursor.at + 8)
        const end = data + length
        if (end > message.length) return undefined
        // RFC 2181, 8: a TTL with the highest bit set counts as 0
        const seconds =
            message[cursor.at + 4] & 0x80
                ? 0
                : (u16(message, cursor.at + 4) << 16) |
                  u16(message, cursor.at + 6)
        if (owner === name && type === TYPE_A && length === 4)
            return {
                ip: message.slice(data, end),
                name,
                ttl: Math.min(ttl, seconds),
            }
        if (owner === name && type === TYPE_CNAME) {
            cursor.at = data
            name = readName(cursor)
            if (name === undefined) return undefined
            ttl = Math.min(ttl, seconds)
        }
        cursor.at = end
    }
    return { name, ttl }
}

/**
 * Reads a name and moves behind it.
 * @returns in lower case; undefined when it is malformed
 */
function readName(cursor: Cursor): string {
    const { message } = cursor
    const name = Buffer.alloc(255)
    let length = 0
    let at = cursor.at
    let limit = at
    let jumped = false
    for (;;) {
        const size = message[at]
        if (at >= message.length || size === undefined) return undefined
        if (size === 0) break
        if (size >= 0xc0) {
            // compression (RFC 1035, 4.1.4); only backwards, so that it comes to an end
            const target = u16(message, at) & 0x3fff
            if (at + 1 >= message.length || target >= limit) return undefined
            if (!jumped) cursor.at = at + 2
            jumped = true
            at = limit = target
            continue
        }
        if (++cursor.labels > MAX_LABELS) return undefined
        if (size > 63 || at + 1 + size > message.length) return undefined
        if (length + size + 1 > 254) return undefined
        if (length) name[length++] = 0x2e
        name.blitAt(length, message, at + 1, size)
        length += size
        at += 1 + size
    }
    if (!jumped) cursor.at = at + 1
    return name.slice(0, length).toString("utf-8").toLowerCase()
}
