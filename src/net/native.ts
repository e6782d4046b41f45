import * as ds from "@devicescript/core"
import { sleep } from "../fiber/clock"
import { deadlineIn, waitUntil } from "../fiber/deadline"
import { notify, Signal, wait } from "../fiber/signal"
import { Address, Stream, StreamError } from "./stream"

/** The VM's own socket functions; `@devicescript/net` stands on the same. */
type Sockets = typeof ds & {
    /** @param port negative: TLS. @returns 0 even when it failed at once */
    _socketOpen(host: string, port: number): number
    _socketClose(): number
    _socketWrite(data: Buffer): number
    _socketOnEvent(event: string, arg?: Buffer | string): void
}
const sockets = ds as Sockets

/** Results of `_socketWrite`. */
const WOULD_BLOCK = -1
const NO_SOCKET = -100

/** Most bytes in one write: a TLS record of the ESP32 and the send buffer of the Pico W take that much. */
const MAX_WRITE = 1024

/** Most bytes that wait to be read: nothing holds the network back, so a burst beyond this ends the connection. */
const MAX_UNREAD = 24576

/** Counted for each piece that waits beside its bytes: a heap block of its own, and a list that doubles. */
const PIECE_OVERHEAD = 64

/**
 * Over TLS an ESP32 loses what finds its send buffer full, 5,744 bytes, without an error (main/sock.c of
 * devicescript-esp32, sock_mbedtls_write): so much may be on its way, with what a record adds to each write.
 */
const TLS_CREDIT = 4096
const RECORD_OVERHEAD = 72

/** Milliseconds for the peer to prove that all has arrived. */
const PROOF = 30000

/** Milliseconds between two looks at a network that is not there, or takes no more. */
const RETRY = 10
const OFFLINE = 100

/** Milliseconds in which the firmware tells of an end that made a write fail. */
const GRACE = 200

/** Milliseconds after which an ESP32 has given up an address that nobody answers for: 12 SYNs, every 1.5 s. */
const OUTCOME = 18000

/** Firmware without TLS, or with too little memory for it. */
const WITHOUT_TLS = " rp2040 rp2040w esp32s2 "

enum State {
    Connecting,
    Open,
    /** Given up; the firmware goes on connecting, and whoever dialed next would be told of the outcome. */
    Abandoned,
    Ended,
}

/** The stream that has the board's only socket. */
let current: NativeStream

/** Why there is no network. */
let offline = "no network"

/** Called by who looks after the network: `why` is told when a dial fails for want of it. */
export function explainOffline(why: string) {
    offline = why
}

/** The VM's `_socketOpen`, once `guard` has put itself before it. */
let openSocket: (host: string, port: number) => number

/**
 * Opening the socket again, by `@devicescript/net` say, would kill the stream that has it without a word, and what we
 * write would go to the new peer. From the first dial on it is an error instead.
 */
function guard() {
    if (openSocket) return
    openSocket = sockets._socketOpen
    sockets._socketOpen = (host, port) => {
        if (current) {
            // Whoever comes here has made itself the one to be told what happens on the socket.
            sockets._socketOnEvent = onSocketEvent
            throw inUse(current)
        }
        return openSocket(host, port)
    }
}

/**
 * Opens a TCP or TLS connection with the board's own network: Wi-Fi, or the simulator. The board has one socket. While
 * there is no network it waits for one.
 * @throws StreamError when there is no network, no TLS, or the socket is in use; when it is refused or takes too long
 */
export async function dialNative(address: Address): Promise<Stream> {
    const { host, port, secure } = address
    const timeout = address.timeout || 30000
    const deadline = deadlineIn(timeout)
    const stream = new NativeStream(
        `${secure ? "tls" : "tcp"}://${host}:${port}`
    )
    const arch = ds._dcfgString("archId")
    if (secure) {
        if (WITHOUT_TLS.indexOf(` ${arch} `) >= 0)
            throw failure(
                stream,
                `${arch} ${arch === "esp32s2" ? "has too little memory for" : "can't do"} TLS: use tls() with a pre-shared key, or ws://`
            )
        stream.credit = TLS_CREDIT
    }
    await takeSocket(stream, deadline)
    try {
        await openWhenOnline(stream, host, secure ? -port : port, deadline)
    } catch (e) {
        end(stream)
        throw e
    }
    while (stream.state === State.Connecting)
        if (!(await waitUntil(stream.changed, deadline))) {
            if (arch === "rp2040w") await stream.close()
            else stream.state = State.Abandoned
            throw failure(stream, `no connection within ${timeout} ms`)
        }
    checkOpen(stream)
    return stream
}

/** Waits for the outcome of a dial that was given up. */
async function takeSocket(stream: NativeStream, deadline: number) {
    const outcome = deadlineIn(OUTCOME)
    for (;;) {
        // Events of the socket before, if any, are still on their way: let them pass.
        await sleep(1)
        if (!current) break
        const { state, changed } = current
        if (state !== State.Abandoned) throw inUse(current)
        if (await waitUntil(changed, Math.min(deadline, outcome))) continue
        if (ds.millis() < outcome) throw inUse(current)
        giveUp(current)
    }
    current = stream
    if (isTaken(stream)) {
        if (sockets._socketOnEvent) {
            current = undefined
            throw failure(stream, "the board's only socket is in use")
        }
        // Nobody in this run of the program has opened it: the run before has, and died of a panic.
        sockets._socketClose()
    }
    sockets._socketOnEvent = onSocketEvent
    guard()
}

function isTaken(stream: NativeStream): boolean {
    try {
        return sockets._socketWrite(undefined) !== NO_SOCKET
    } catch (e: any) {
        current = undefined
        throw failure(
            stream,
            `this board has no network of its own (${e.message}): connect it over Ethernet or a modem`
        )
    }
}

async function openWhenOnline(
    stream: NativeStream,
    host: string,
    port: number,
    deadline: number
) {
    for (let tries = 0; ; ++tries) {
        try {
            openSocket(host, port)
            // It does not tell, but leaves no socket when it failed at once.
            if (isTaken(stream)) return
        } catch (e: any) {
            if (e.message.indexOf("available") < 0)
                throw failure(stream, e.message)
            if (!tries) console.log(`${stream.name}: waiting for the network`)
            if (ds.millis() >= deadline) throw failure(stream, offline)
            await sleep(OFFLINE)
            continue
        }
        throw stream.error || failure(stream, "can't connect")
    }
}

/** Called by the VM, in a fiber of its own, for whatever connection it is: `open`, `data`, `close`, `error`. */
function onSocketEvent(event: string, arg?: Buffer | string) {
    const stream = current
    if (!stream) return
    if (event === "data") arrived(stream, arg as Buffer)
    else if (event !== "open") end(stream, event === "error" ? arg + "" : "")
    else if (stream.state === State.Abandoned) giveUp(stream)
    else stream.state = State.Open
    notify(stream.changed)
}

function arrived(stream: NativeStream, chunk: Buffer) {
    if (stream.answer && lookForAnswer(stream, chunk)) return
    stream.chunks.push(chunk)
    stream.unread += chunk.length + PIECE_OVERHEAD
    if (stream.unread > MAX_UNREAD) {
        stream.chunks = []
        giveUp(
            stream,
            `more than ${MAX_UNREAD} bytes came faster than they were read`
        )
    }
}

/**
 * The answer may come in several pieces, with anything around it.
 * @returns true when it is all that came: nobody else wants it, and whoever only sends would never read it
 */
function lookForAnswer(stream: NativeStream, chunk: Buffer): boolean {
    const { answer } = stream
    const text = chunk.toString("hex")
    const seen = stream.seen + text
    if (seen.indexOf(answer) >= 0) stream.answer = undefined
    else stream.seen = seen.slice(-answer.length)
    return text === answer
}

function giveUp(stream: NativeStream, why?: string) {
    if (current === stream) sockets._socketClose()
    end(stream, why)
}

/** @param why what broke it */
function end(stream: NativeStream, why?: string) {
    if (current === stream) current = undefined
    if (why === "mbedtls_ssl_handshake")
        why = "no TLS on that port, or a certificate that can't be verified"
    if (why) stream.error = failure(stream, why)
    stream.state = State.Ended
    notify(stream.changed)
}

/** @throws what ended it */
function checkOpen(stream: NativeStream) {
    if (stream.state !== State.Open)
        throw stream.error || failure(stream, "closed")
}

function failure(stream: NativeStream, message: string): StreamError {
    return new StreamError(`${stream.name}: ${message}`)
}

function inUse(owner: NativeStream): StreamError {
    return new StreamError(`${owner.name} has the board's only socket`)
}

class NativeStream implements Stream {
    state = State.Connecting
    chunks: Buffer[] = []
    unread = 0
    error: StreamError
    credit: number
    /** What `prove` waits for, and the end of what has come, in hex. */
    answer: string
    seen: string
    readonly changed = new Signal()

    constructor(readonly name: string) {}

    async send(data: Buffer) {
        const { length } = data
        for (let at = 0; at < length; at += MAX_WRITE) {
            const piece =
                length > MAX_WRITE
                    ? data.slice(at, Math.min(at + MAX_WRITE, length))
                    : data
            for (;;) {
                checkOpen(this)
                const result = sockets._socketWrite(piece)
                if (result === 0) break
                const isFull = result === WOULD_BLOCK
                await wait(this.changed, isFull ? RETRY : GRACE)
                if (!isFull && this.state === State.Open)
                    giveUp(this, `the connection is gone (${result})`)
            }
            if (this.credit !== undefined)
                this.credit -= piece.length + RECORD_OVERHEAD
        }
    }

    async prove(probe: Buffer, answer: string) {
        this.seen = ""
        this.answer = answer
        await this.send(probe)
        const deadline = deadlineIn(PROOF)
        while (this.answer) {
            checkOpen(this)
            if (!(await waitUntil(this.changed, deadline)))
                giveUp(this, `no answer within ${PROOF} ms`)
        }
        this.credit = TLS_CREDIT
    }

    waive() {
        this.answer = undefined
        notify(this.changed)
    }

    async recv(timeout?: number): Promise<Buffer> {
        const { changed } = this
        const deadline = deadlineIn(timeout)
        while (!this.chunks.length) {
            if (this.state === State.Ended) {
                if (this.error) throw this.error
                return null
            }
            if (!(await waitUntil(changed, deadline))) return undefined
        }
        const chunk = this.chunks[0]
        this.chunks.insert(0, -1)
        this.unread -= chunk.length + PIECE_OVERHEAD
        return chunk
    }

    async close() {
        this.chunks = []
        giveUp(this)
    }
}
