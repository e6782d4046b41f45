import { millis } from "../../fiber/clock"
import { acquire, release } from "../../fiber/lock"
import { notify, Signal } from "../../fiber/signal"
import { StreamError } from "../stream"
import { Bus } from "../bus/bus"
import { u16 } from "../byte-order"
import {
    W5500_SN_CR,
    W5500_SN_CR_CLOSE,
    W5500_SN_CR_OPEN,
    W5500_SN_CR_RECV,
    W5500_SN_CR_SEND,
    W5500_SN_DHAR,
    W5500_SN_DIPR,
    W5500_SN_IR,
    W5500_SN_IR_SENDOK,
    W5500_SN_IR_TIMEOUT,
    W5500_SN_KPALVTR,
    W5500_SN_MR,
    W5500_SN_PORT,
    W5500_SN_RX_RD,
    W5500_SN_RX_WR,
    W5500_SN_TX_WR,
    W5500_SOCK_CLOSED,
    W5500_SOCK_INIT,
} from "./registers"
import {
    FRAME_HEADER,
    frameFor,
    headerOf,
    kilobytes,
    setHeader,
    socketBlock,
    W5500,
} from "./w5500"

/** Milliseconds in which the chip takes a command; it needs microseconds. */
const COMMAND_TIMEOUT = 500
/** MR to RX_WR: all that a poll looks at. */
const SNAPSHOT = W5500_SN_RX_WR + 2

/**
 * One of the chip's eight sockets. What is done to it is in functions, because methods cost more; whoever does it has the
 * bus meanwhile.
 *
 * It is watched by level, not by interrupt bits: every poll reads state and counters together, so nothing is lost when an
 * event falls between two polls, and a chip that was reset is noticed by its mode register.
 */
export class Socket {
    /** Sn_SR of the last poll. */
    state = W5500_SOCK_CLOSED
    /** Bytes in the receive buffer that were not read yet. */
    received = 0
    /** Bytes that the transmit buffer takes, at least. */
    free = 0
    /** A SEND command is under way. */
    sending = false
    /** Something was received, or the state has changed. */
    readonly readable = new Signal()
    /** SEND is over, there is more room, or the state has changed. */
    readonly writable = new Signal()
    /** Sn_IR[TIMEOUT]: ARP or the peer did not answer. */
    timedOut = false
    /** Why the socket is closed. */
    lost = ""
    /** Local port. */
    port = 0
    /** Somebody has the socket. */
    claimed = false
    /** After this moment a socket that nobody needs any more is closed by force. */
    lingers = 0

    readonly bus: Bus
    /** Block select bits. */
    readonly block: number
    /** What Sn_MR was set to; 0 while closed. */
    mode = 0
    /** The chip may not have taken the last command yet. */
    unsettled = false
    readPointer = 0
    writePointer = 0
    /** Bytes that were read without telling the chip. */
    unacknowledged = 0
    /** How many of them are too many: a quarter of the receive buffer. */
    readonly patience: number
    /** Most bytes that are sent or received at once: a TCP segment (datasheet 4.2, Sn_MSSR), if the buffer has room for it. */
    readonly piece: number

    /** What the last poll has read; status 0: it has to be looked at again. */
    lastStatus = 0
    lastTx = 0
    lastRx = 0
    /** For how many polls Sn_RX_RSR has been the same without fitting its pointers. */
    steady = 0

    readonly snapshot: Buffer
    readonly pollHeader: number
    readonly byteFrame = Buffer.alloc(FRAME_HEADER + 1)
    readonly wordFrame = Buffer.alloc(FRAME_HEADER + 2)

    constructor(
        readonly chip: W5500,
        readonly n: number
    ) {
        this.bus = chip.bus
        this.block = socketBlock(n)
        const size = kilobytes(n) * 1024
        this.patience = size / 4
        this.piece = Math.min(1460, size)
        this.snapshot = frameFor(chip.bus, SNAPSHOT)
        this.pollHeader = headerOf(this.block, W5500_SN_MR, false)
    }
}

/** Opens a socket with a local port. */
export async function openSocket(
    socket: Socket,
    mode: number,
    port: number,
    keepAlive = 0
) {
    socket.state = W5500_SOCK_INIT
    socket.received = 0
    socket.free = 0
    socket.sending = false
    socket.timedOut = false
    socket.lost = ""
    socket.lingers = 0
    socket.unsettled = false
    socket.lastStatus = 0
    socket.port = port
    const { bus } = socket
    await acquire(bus.lock)
    try {
        await setByte(socket, W5500_SN_MR, mode)
        await setByte(socket, W5500_SN_IR, 0xff)
        await setByte(socket, W5500_SN_KPALVTR, keepAlive)
        await setWord(socket, W5500_SN_PORT, port)
        await command(socket, W5500_SN_CR_OPEN)
        socket.mode = mode
    } finally {
        release(bus.lock)
    }
}

/** Sets Sn_DIPR and Sn_DPORT. */
export async function setPeer(socket: Socket, ip: Buffer, port: number) {
    const { bus } = socket
    await acquire(bus.lock)
    try {
        await setWord(socket, W5500_SN_DIPR, u16(ip, 0))
        await setWord(socket, W5500_SN_DIPR + 2, u16(ip, 2))
        await setWord(socket, W5500_SN_DIPR + 4, port)
    } finally {
        release(bus.lock)
    }
}

/** Sn_DHAR: whom ARP found, the peer or the router to it; all ones before. */
export async function hardwareAddress(socket: Socket): Promise<Buffer> {
    return await socket.chip.read(socket.block, W5500_SN_DHAR, 6)
}

/** One command: CONNECT, or DISCON, after which the chip goes on by itself. */
export async function order(socket: Socket, code: number) {
    const { bus } = socket
    await acquire(bus.lock)
    try {
        await command(socket, code)
    } finally {
        release(bus.lock)
    }
}

/** Back to SOCK_CLOSED at once. */
export async function abort(socket: Socket, why: string) {
    socket.mode = 0
    await order(socket, W5500_SN_CR_CLOSE)
    lose(socket, why)
}

/** The socket is closed, whoever did it. */
export function lose(socket: Socket, why: string) {
    socket.lost = why
    socket.mode = 0
    socket.state = W5500_SOCK_CLOSED
    socket.received = 0
    socket.sending = false
    socket.lingers = 0
    notify(socket.readable)
    notify(socket.writable)
}

/** How much `free` has to be for so many bytes: what a short transaction is filled up with must not hit what is not sent yet. */
export function roomFor(socket: Socket, length: number): number {
    return Math.max(length, socket.bus.shortest)
}

/** Transmits a piece of `data`, for which there has to be room; wait until `sending` is over before the next one. */
export async function transmit(
    socket: Socket,
    data: Buffer,
    from: number,
    length: number
) {
    const { bus, block, writePointer } = socket
    const frame = frameFor(bus, length)
    setHeader(frame, block + 1, writePointer, true)
    frame.blitAt(FRAME_HEADER, data, from, length)
    await acquire(bus.lock)
    try {
        await bus.exchange(frame)
        const end = (writePointer + length) & 0xffff
        socket.writePointer = end
        socket.free -= length
        await setWord(socket, W5500_SN_TX_WR, end)
        // what the SEND before has left there
        await setByte(
            socket,
            W5500_SN_IR,
            W5500_SN_IR_SENDOK | W5500_SN_IR_TIMEOUT
        )
        await command(socket, W5500_SN_CR_SEND)
        socket.sending = true
        socket.timedOut = false
    } finally {
        release(bus.lock)
    }
}

/**
 * Takes data out of the receive buffer. The chip hears of it, and widens the window, when it was a quarter of the buffer.
 * @returns at most `limit` bytes; none when the socket was closed meanwhile
 */
export async function take(socket: Socket, limit: number): Promise<Buffer> {
    const { bus, block } = socket
    await acquire(bus.lock)
    try {
        const length = Math.min(socket.received, limit)
        const frame = frameFor(bus, length)
        if (length) {
            setHeader(frame, block + 2, socket.readPointer, false)
            await bus.exchange(frame)
            socket.readPointer = (socket.readPointer + length) & 0xffff
            socket.received -= length
            socket.unacknowledged += length
            if (socket.unacknowledged >= socket.patience) {
                await setWord(socket, W5500_SN_RX_RD, socket.readPointer)
                await command(socket, W5500_SN_CR_RECV)
                socket.unacknowledged = 0
                socket.lastStatus = 0
            }
        }
        return frame.slice(FRAME_HEADER, FRAME_HEADER + length)
    } finally {
        release(bus.lock)
    }
}

/** Waits until the chip has taken the command before, and gives another one. */
async function command(socket: Socket, code: number) {
    if (socket.unsettled) await settle(socket)
    await setByte(socket, W5500_SN_CR, code)
    socket.unsettled = true
}

/** Sn_CR reads as 0 when the chip has taken the command. */
async function settle(socket: Socket) {
    const deadline = millis() + COMMAND_TIMEOUT
    const frame = socket.byteFrame
    for (;;) {
        setHeader(frame, socket.block, W5500_SN_CR, false)
        await socket.bus.exchange(frame)
        if (!frame[FRAME_HEADER]) break
        if (millis() > deadline)
            throw new StreamError(
                `w5500: socket ${socket.n} did not take a command in ${COMMAND_TIMEOUT} ms, Sn_CR reads ${frame[FRAME_HEADER]}`
            )
    }
    socket.unsettled = false
}

async function setByte(socket: Socket, register: number, value: number) {
    const frame = socket.byteFrame
    setHeader(frame, socket.block, register, true)
    frame[FRAME_HEADER] = value
    await socket.bus.exchange(frame)
}

async function setWord(socket: Socket, register: number, value: number) {
    const frame = socket.wordFrame
    setHeader(frame, socket.block, register, true)
    frame[FRAME_HEADER] = value >> 8
    frame[FRAME_HEADER + 1] = value & 0xff
    await socket.bus.exchange(frame)
}
