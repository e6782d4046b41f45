import { sleep } from "../../fiber/clock"
import { deadlineIn, timeLeft } from "../../fiber/deadline"
import { notify, Signal, wait } from "../../fiber/signal"
import { Stream, StreamError } from "../stream"
import { At } from "./at"
import { Dialect, OpenFailure, Reading, SocketId } from "./dialect"
import { pauseAfter } from "./pause"

/** Said once is enough. */
const MODEM = "modem: "

/** Largest piece each way: what the WebSocket above likes to get at once, and every modem takes. */
const PIECE = 1024
/** Milliseconds after which a modem that has no room for more is given up. */
const STALL_TIMEOUT = 60000
/** Milliseconds until a modem that is full, or hands out nothing, is asked again: first, and at most. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 2000
/** Reads in vain until what is left in the modem is given up. */
const MAX_EMPTY_READS = 8
/** The same when the modem does not say what is left. */
const MAX_UNSURE = 3
/** Milliseconds after which the modem is asked for data although it did not say that there is any: normally, and when it may not have handed out all. */
const DOUBT = 5000
const SHORT_DOUBT = 100

/** One of the modem's sockets, which does TCP, or TLS over it, by itself. */
export class ModemSocket implements Stream, SocketId {
    /** The modem's socket is free again. */
    released = false
    /** Why it is broken. */
    lost: string
    /** The modem does not know it any more. */
    forgotten = false
    /** It is worth while to read. */
    readable = false
    /** The modem said that there is something, or that something is left. */
    announced = false
    /** The modem handed out less than there was, as it does not say itself. */
    stingy = false
    /** The read before handed out less than asked for, and the modem did not say whether that was all. */
    unsure = false
    /** Reads in vain, one behind the other. */
    emptyReads = 0
    ended = false
    closed = false
    readonly changed = new Signal()

    constructor(
        readonly at: At,
        readonly dialect: Dialect,
        readonly secure: boolean,
        readonly number: number,
        readonly name: string,
        /** Called when data comes, and when something goes wrong that may be more than this socket's fault. */
        readonly worked: () => void,
        readonly failed: () => void
    ) {}

    /** @returns undefined when it is open */
    async open(
        host: string,
        port: number,
        timeout: number
    ): Promise<OpenFailure> {
        try {
            return await this.dialect.open(this.at, this, host, port, timeout)
        } catch (e) {
            return { reason: reasonOf(e as Error), remote: false }
        }
    }

    /** The modem says that something has come. */
    arrive() {
        this.announced = true
        this.readable = true
        notify(this.changed)
    }

    /** The modem says that the peer has closed. */
    end() {
        this.ended = true
        this.readable = true
        notify(this.changed)
    }

    /** The modem has lost it. */
    lose(why: string) {
        this.forgotten = true
        fail(this, why)
    }

    async send(data: Buffer): Promise<void> {
        const { length } = data
        let deadline = deadlineIn(STALL_TIMEOUT)
        let refusals = 0
        for (let at = 0; at < length;) {
            check(this)
            const size = Math.min(PIECE, length - at)
            const taken = await sendPiece(
                this,
                size === length ? data : data.slice(at, at + size)
            )
            at += taken
            if (taken) {
                refusals = 0
                deadline = deadlineIn(STALL_TIMEOUT)
            } else if (!timeLeft(deadline))
                throw broken(
                    this,
                    `no room in the modem for ${STALL_TIMEOUT / 1000} s`
                )
            else
                await wait(
                    this.changed,
                    pauseAfter(++refusals, FIRST_PAUSE, LONGEST_PAUSE)
                )
        }
    }

    async recv(timeout?: number): Promise<Buffer> {
        const deadline = deadlineIn(timeout)
        for (;;) {
            if (this.closed) return null
            check(this)
            if (this.readable) {
                const data = await read(this)
                if (data) return data
                continue
            }
            if (this.ended) return null
            const doubt = this.unsure ? SHORT_DOUBT : DOUBT
            const left = timeLeft(deadline)
            if (left === 0) return undefined
            const waited = left < doubt ? left : doubt
            if (!(await wait(this.changed, waited)) && waited === doubt)
                this.readable = true
        }
    }

    async close(): Promise<void> {
        if (this.closed) return
        this.closed = true
        notify(this.changed)
        try {
            if (!this.forgotten) await this.dialect.close(this.at, this)
        } catch {
            // closed by the modem itself, or lost with it
        }
        this.released = true
    }
}

function fail(socket: ModemSocket, why: string) {
    if (!socket.lost) socket.lost = why
    notify(socket.changed)
}

/** @returns how much the modem has taken */
async function sendPiece(socket: ModemSocket, data: Buffer): Promise<number> {
    let taken: number
    try {
        taken = await socket.dialect.send(socket.at, socket, data)
    } catch (e) {
        throw broken(socket, reasonOf(e as Error))
    }
    if (taken >= 0 && taken <= data.length) return taken
    throw broken(socket, `took ${taken} of ${data.length} bytes`)
}

/** @returns undefined when there was nothing */
async function read(socket: ModemSocket): Promise<Buffer> {
    socket.readable = false
    if (socket.emptyReads > 1)
        await sleep(
            pauseAfter(socket.emptyReads - 1, FIRST_PAUSE, LONGEST_PAUSE)
        )
    let reading: Reading
    try {
        reading = await socket.dialect.read(socket.at, socket, PIECE)
    } catch (e) {
        // after the end the modem may have forgotten a socket of which nothing is left
        if (socket.ended && !socket.announced) return undefined
        throw broken(socket, reasonOf(e as Error))
    }
    const { data, left } = reading
    if (!data || !data.length) {
        await readInVain(socket, left)
        return undefined
    }
    socket.worked()
    if (socket.unsure) socket.stingy = true
    socket.emptyReads = 0
    socket.announced = left > 0
    const full = data.length === PIECE
    socket.unsure = left === undefined && !full
    // of what waits behind it the modem does not tell as long as socket one waits
    if (
        left > 0 ||
        (left === undefined && (full || socket.stingy || socket.ended))
    )
        socket.readable = true
    return data
}

/** Nothing came: was there nothing? */
async function readInVain(socket: ModemSocket, left: number) {
    const { announced } = socket
    socket.unsure = false
    if (!announced && !socket.ended) return
    if (left === undefined)
        left = await socket.dialect.waiting(socket.at, socket)
    socket.emptyReads++
    if (left > 0 && socket.emptyReads > MAX_EMPTY_READS)
        throw broken(socket, `does not hand out ${left} bytes`)
    if (left > 0 || (left === undefined && socket.emptyReads < MAX_UNSURE))
        socket.readable = true
    else socket.announced = false
}

function check(socket: ModemSocket) {
    if (socket.closed) throw new StreamError(`modem: ${socket.name}: closed`)
    if (socket.lost)
        throw new StreamError(`modem: ${socket.name}: ${socket.lost}`)
}

function broken(socket: ModemSocket, why: string): StreamError {
    fail(socket, why)
    socket.failed()
    return new StreamError(`modem: ${socket.name}: ${socket.lost}`)
}

function reasonOf({ message }: Error): string {
    return message.startsWith(MODEM) ? message.slice(MODEM.length) : message
}
