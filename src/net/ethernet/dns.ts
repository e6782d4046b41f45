/** DNS messages (RFC 1035), as far as a stub resolver for IPv4 addresses needs them. */
import { setU16, u16 } from "../byte-order"

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
    /** Labels, pointers and ends of names read so far. */
    steps: number
}

/**
 * For all names of an answer together; six aliases and ten addresses have some 150. Pointers give a short message many long
 * names, and the VM ends a program that computes for long without a pause.
 */
const MAX_STEPS = 400

/**
 * @param name in lower case, without the root's dot at the end
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
    if (!hasQuestion(message, query)) return undefined

    if (message[2] & 2) return { failure: "the answer is truncated" }
    const code = message[3] & 15
    if (code === 3) return { unknown: true }
    if (code) return { failure: `the server answers with code ${code}` }
    const answer = follow({ message, at: HEADER, steps: 0 })
    return answer || { failure: "the answer is malformed" }
}

/** Capitals do not count (RFC 1035, 2.3.3); no length of a label is one. */
function hasQuestion(message: Buffer, query: Buffer): boolean {
    for (let i = HEADER; i < query.length; ++i) {
        let byte = message[i]
        if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20
        if (byte !== query[i]) return false
    }
    return true
}

/** Walks through the answers, from alias to alias, and again when an alias stands behind what it leads to. */
function follow(cursor: Cursor): DnsAnswer {
    const answer: DnsAnswer = { name: readName(cursor), ttl: 0x7fffffff }
    const first = cursor.at + 4
    let before: string
    while (before !== answer.name) {
        before = answer.name
        cursor.at = first
        for (let left = u16(cursor.message, 6); left > 0; --left) {
            if (!readRecord(cursor, answer)) return undefined
            if (answer.ip) return answer
        }
    }
    return answer
}

/**
 * Reads a record, and takes an address or an alias of the name from it.
 * @returns false when it is malformed
 */
function readRecord(cursor: Cursor, answer: DnsAnswer): boolean {
    const { message } = cursor
    const owner = readName(cursor)
    const { at } = cursor
    const data = at + 10
    if (owner === undefined || data > message.length) return false
    const type = u16(message, at)
    const length = u16(message, at + 8)
    const end = data + length
    if (end > message.length) return false
    const address = type === TYPE_A && length === 4
    if (owner === answer.name && (address || type === TYPE_CNAME)) {
        if (address) answer.ip = message.slice(data, end)
        else {
            cursor.at = data
            answer.name = readName(cursor)
            if (answer.name === undefined) return false
        }
        // RFC 2181, 8: a TTL with the highest bit set counts as 0
        const ttl =
            message[at + 4] & 0x80
                ? 0
                : (u16(message, at + 4) << 16) | u16(message, at + 6)
        answer.ttl = Math.min(answer.ttl, ttl)
    }
    cursor.at = end
    return true
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
        if (++cursor.steps > MAX_STEPS || at >= message.length) return undefined
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
