import { randomBuffer } from "@devicescript/crypto"
import { u16 } from "../byte-order"
import { StreamError } from "../stream"
import { DECRYPT_ERROR, expect, TlsError } from "./alert"
import { isSame, join, vector, wipe } from "./bytes"
import { finished, masterSecret, protections } from "./keys"
import {
    CLIENT_KEY_EXCHANGE,
    clientHello,
    FINISHED,
    FRAGMENT,
    handshakeMessage,
    MESSAGE_HEADER,
    parseServerHello,
    SERVER_HELLO,
    SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE,
} from "./messages"
import { CHANGE_CIPHER_SPEC, HANDSHAKE } from "./record"
import { receive, sendRecord, TlsStream } from "./tls-stream"

/** Bytes of handshake messages that wait for their end; all the server's have some 150. */
const LARGEST_MESSAGE = 2048

interface Handshake {
    s: TlsStream
    deadline: number
    /** All messages so far. */
    transcript: Buffer
    /** What was received of the next ones. */
    pending: Buffer
}

/**
 * Agrees on keys: RFC 5246, figure 1, and RFC 4279, 2.
 * @param name the server's; empty without one
 * @throws TlsError for what the server does wrong
 */
export async function handshake(
    s: TlsStream,
    identity: Buffer,
    key: Buffer,
    name: string,
    deadline: number
) {
    const h: Handshake = {
        s,
        deadline,
        transcript: Buffer.alloc(0),
        pending: Buffer.alloc(0),
    }
    const random = randomBuffer(32)
    await sendMessage(h, clientHello(random, name))
    let message = await receiveMessage(h)
    expect(message[0] === SERVER_HELLO)
    const hello = parseServerHello(message.slice(MESSAGE_HEADER))
    if (hello.hasFragments) s.largest = FRAGMENT
    message = await receiveMessage(h)
    // a hint which identity to use; there is only one
    if (message[0] === SERVER_KEY_EXCHANGE) message = await receiveMessage(h)
    expect(
        message[0] === SERVER_HELLO_DONE && message.length === MESSAGE_HEADER
    )
    // keys change between two records, never within one
    expect(!h.pending.length)

    await sendMessage(
        h,
        handshakeMessage(CLIENT_KEY_EXCHANGE, vector(identity))
    )
    const master = masterSecret(key, h.transcript)
    const both = protections(master, random, hello.random)
    await sendRecord(s, CHANGE_CIPHER_SPEC, hex`01`)
    s.writing = both[0]
    await sendMessage(h, finished(master, "client finished", h.transcript))
    const expected = finished(master, "server finished", h.transcript)
    wipe(master)

    const change = await receiveContent(h, CHANGE_CIPHER_SPEC)
    expect(change.length === 1 && change[0] === 1)
    s.reading = both[1]
    message = await receiveMessage(h)
    expect(message[0] === FINISHED)
    if (!isSame(message, 0, expected))
        throw new TlsError("wrong Finished", DECRYPT_ERROR)
    expect(!h.pending.length)
}

async function sendMessage(h: Handshake, message: Buffer) {
    h.transcript = join(h.transcript, message)
    await sendRecord(h.s, HANDSHAKE, message)
}

/** Waits for a message. @returns all of it */
async function receiveMessage(h: Handshake): Promise<Buffer> {
    for (;;) {
        const { pending } = h
        if (pending.length >= MESSAGE_HEADER) {
            const end = MESSAGE_HEADER + u16(pending, 2)
            expect(!pending[1] && end <= LARGEST_MESSAGE)
            if (end <= pending.length) {
                const message = pending.slice(0, end)
                h.pending = pending.slice(end)
                h.transcript = join(h.transcript, message)
                return message
            }
        }
        const data = await receiveContent(h, HANDSHAKE)
        h.pending = join(pending, data)
    }
}

async function receiveContent(h: Handshake, type: number): Promise<Buffer> {
    const { s, deadline } = h
    const data = await receive(s, deadline)
    if (data === undefined) throw new StreamError("tls: timeout")
    if (data === null) throw new StreamError("tls: closed")
    expect(s.type === type && data.length > 0)
    return data
}
