import { sleep } from "../../fiber/clock"
import { deadlineIn, timeLeft } from "../../fiber/deadline"
import { acquire, Lock, release } from "../../fiber/lock"
import { Signal, notify, wait } from "../../fiber/signal"
import { u16 } from "../byte-order"
import { Stream, StreamError } from "../stream"
import { CLOSE_NOTIFY, expect, RECORD_OVERFLOW, TlsError } from "./alert"
import { join } from "./bytes"
import { forget } from "./chacha20"
import { FRAGMENT } from "./messages"
import {
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    HEADER,
    plainRecord,
    protect,
    Protection,
    TAG,
    unprotect,
} from "./record"

/** Largest record of a server that does not agree to `FRAGMENT`: all of it has to be here before any may be believed. */
const LARGEST = 8192
/** Milliseconds that the last alert may take. */
const GOODBYE = 1000

/** TLS over a stream, once `handshake` is through. */
export class TlsStream implements Stream {
    /** What protects what comes, and what goes; undefined before there are keys. */
    reading: Protection
    writing: Protection
    readonly sending = new Lock()
    /** The record that is being received: its header, and then all of it. */
    record = Buffer.alloc(HEADER)
    filled = 0
    /** What the network gave, and how much of it was taken. */
    chunk = Buffer.alloc(0)
    used = 0
    /** Bytes of content in a record, at most. */
    largest = LARGEST
    /** Content type of the last record. */
    type: number
    /** The server has ended it, or `close` has. */
    ended = false
    /** Why nothing can be sent or received any more. */
    error: Error

    constructor(readonly stream: Stream) {}

    async send(data: Buffer): Promise<void> {
        const { length } = data
        for (let at = 0; at < length; at += FRAGMENT) {
            const end = Math.min(at + FRAGMENT, length)
            await sendRecord(this, APPLICATION_DATA, data.slice(at, end))
        }
    }

    async recv(timeout?: number): Promise<Buffer> {
        const deadline = deadlineIn(timeout)
        while (!this.ended) {
            if (this.error) throw this.error
            try {
                const data = await receive(this, deadline)
                // what was closed meanwhile may have been deciphered without a key
                if (this.error) continue
                if (!data) return data
                if (this.type === HANDSHAKE)
                    // a HelloRequest may be ignored (RFC 5246, 7.4.1.1)
                    expect(data.toString("hex") === "00000000")
                else {
                    expect(this.type === APPLICATION_DATA)
                    if (data.length) return data
                }
            } catch (e) {
                if (this.ended) break
                await end(this, e as Error)
                throw e
            }
        }
        return null
    }

    async close(): Promise<void> {
        this.ended = true
        if (!this.error) await end(this, new TlsError("closed", CLOSE_NOTIFY))
    }
}

/**
 * Waits for a record, whose type is in `type` then.
 * @returns its content; `undefined` at the deadline; null when the server says that it ends
 */
export async function receive(s: TlsStream, deadline: number): Promise<Buffer> {
    if (!(await fill(s, deadline))) return undefined
    // the network may have given thousands of small ones at once
    await sleep(0)
    const { record, reading } = s
    s.record = Buffer.alloc(HEADER)
    s.filled = 0
    s.type = record[0]
    const data = reading
        ? await unprotect(reading, record)
        : record.slice(HEADER)
    if (s.type !== ALERT) return data
    expect(data.length === 2)
    if (data[1] !== CLOSE_NOTIFY) throw new StreamError(`tls: alert ${data[1]}`)
    s.ended = true
    return null
}

/** Makes `record` whole. @returns false at the deadline */
async function fill(s: TlsStream, deadline: number): Promise<boolean> {
    for (;;) {
        const { record, chunk, used, filled } = s
        const missing = record.length - filled
        if (missing) {
            const size = Math.min(missing, chunk.length - used)
            record.blitAt(filled, chunk, used, size)
            s.filled += size
            s.used += size
            if (size) continue
            const data = await s.stream.recv(timeLeft(deadline))
            if (data === undefined) return false
            if (data === null) throw new StreamError("tls: no close_notify")
            s.chunk = data
            s.used = 0
        } else if (filled > HEADER) return true
        else s.record = join(record, Buffer.alloc(lengthOf(s)))
    }
}

/** What the header in `record` says of the length behind it. */
function lengthOf({ record, largest, reading }: TlsStream): number {
    const type = record[0]
    const length = u16(record, 3)
    expect(
        type >= CHANGE_CIPHER_SPEC &&
            type <= APPLICATION_DATA &&
            record[1] === 3 &&
            length > 0
    )
    if (length > largest + (reading ? TAG : 0))
        throw new TlsError("record too long", RECORD_OVERFLOW)
    return length
}

export async function sendRecord(s: TlsStream, type: number, data: Buffer) {
    const { sending } = s
    await acquire(sending)
    try {
        const record = s.writing
            ? await protect(s.writing, type, data)
            : plainRecord(type, data)
        // what was closed meanwhile may have been enciphered without a key
        if (s.error && type !== ALERT) throw s.error
        await s.stream.send(record)
    } finally {
        release(sending)
    }
}

/** Tells the server why if it is the server's fault, which may take a moment; closes the connection and wipes the keys. */
export async function end(s: TlsStream, error: Error) {
    s.error = error
    if (error instanceof TlsError) {
        const sent = new Signal()
        sendAlert.start(s, error.alert, sent)
        await wait(sent, GOODBYE)
    }
    await s.stream.close()
    for (const protection of [s.reading, s.writing])
        if (protection) forget(protection.state)
}

async function sendAlert(s: TlsStream, alert: number, sent: Signal) {
    try {
        // a warning, or fatal
        const level = alert === CLOSE_NOTIFY ? 1 : 2
        await sendRecord(s, ALERT, Buffer.from([level, alert]))
    } catch {
        // whoever is gone needs no alert
    }
    notify(sent)
}
