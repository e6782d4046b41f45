/** What a poll of the chip finds out about a socket. */
import { acquireLast, release } from "../../fiber/lock"
import { notify } from "../../fiber/signal"
import { u16 } from "../byte-order"
import {
    W5500_SN_CR,
    W5500_SN_IR,
    W5500_SN_IR_SENDOK,
    W5500_SN_IR_TIMEOUT,
    W5500_SN_RX_RSR,
    W5500_SN_SR,
    W5500_SN_TX_FSR,
    W5500_SOCK_CLOSED,
    W5500_SOCK_CLOSE_WAIT,
    W5500_SOCK_ESTABLISHED,
    W5500_SOCK_UDP,
} from "./registers"
import { lose, Socket } from "./socket"
import { FRAME_HEADER } from "./w5500"

/** So many equal readings of Sn_RX_RSR count even if its pointers say something else. */
const STEADY = 4
/** Where a snapshot has MR, CR, IR and SR; TX_FSR, TX_RD and TX_WR; RX_RSR, RX_RD and RX_WR. */
const STATUS = FRAME_HEADER
const TX_COUNTERS = FRAME_HEADER + W5500_SN_TX_FSR
const RX_COUNTERS = FRAME_HEADER + W5500_SN_RX_RSR

/**
 * Reads state and counters.
 * @returns whether something changed or has to be read again
 */
export async function poll(socket: Socket): Promise<boolean> {
    const { bus, snapshot } = socket
    if (!socket.mode) return false
    await acquireLast(bus.lock)
    try {
        snapshot.setAt(0, "u32", socket.pollHeader)
        await bus.exchange(snapshot)
    } finally {
        release(bus.lock)
    }
    const status = snapshot.getAt(STATUS, "i32")
    const tx = snapshot.getAt(TX_COUNTERS, "i32")
    const rx = snapshot.getAt(RX_COUNTERS, "i32")
    if (
        status === socket.lastStatus &&
        tx === socket.lastTx &&
        rx === socket.lastRx
    )
        return false
    if (snapshot[STATUS] !== socket.mode) {
        // 0: somebody is about to close it
        if (socket.mode) lose(socket, "the chip was reset")
        return true
    }
    if (snapshot[STATUS + W5500_SN_CR]) return true
    socket.unsettled = false
    socket.lastStatus = status
    const interrupts = snapshot[STATUS + W5500_SN_IR]
    const state = snapshot[STATUS + W5500_SN_SR]
    const turned =
        state !== socket.state ||
        (!socket.timedOut && !!(interrupts & W5500_SN_IR_TIMEOUT))
    if (turned && !turn(socket, state, interrupts)) return true
    const sent = socket.sending && !!(interrupts & W5500_SN_IR_SENDOK)
    if (sent) socket.sending = false
    const room = digestFree(socket, tx)
    const data = digestReceived(socket, rx)
    const { readable, writable } = socket
    let woken = false
    if ((sent || room || turned) && writable.fiber) {
        notify(writable)
        woken = true
    }
    if ((data || turned) && readable.fiber) {
        notify(readable)
        woken = true
    }
    return woken
}

/** @returns false when the socket is closed now */
function turn(socket: Socket, state: number, interrupts: number): boolean {
    if (interrupts & W5500_SN_IR_TIMEOUT) socket.timedOut = true
    if (state === W5500_SOCK_CLOSED) {
        lose(
            socket,
            socket.timedOut ? "the peer does not answer" : "reset by the peer"
        )
        return false
    }
    // The chip sets its pointers anew when it connects; from then on they move by our hand only.
    if (
        state === W5500_SOCK_UDP ||
        (socket.state !== W5500_SOCK_ESTABLISHED &&
            (state === W5500_SOCK_ESTABLISHED ||
                state === W5500_SOCK_CLOSE_WAIT))
    ) {
        socket.writePointer = u16(socket.snapshot, TX_COUNTERS + 4)
        socket.readPointer = u16(socket.snapshot, RX_COUNTERS + 2)
        socket.unacknowledged = 0
    }
    socket.state = state
    return true
}

/** A 16-bit counter may change between its bytes: two equal readings count (datasheet 4.2, Sn_TX_FSR). */
function digestFree(socket: Socket, tx: number): boolean {
    if (tx !== socket.lastTx) {
        socket.lastTx = tx
        socket.lastStatus = 0
        return false
    }
    const free = u16(socket.snapshot, TX_COUNTERS)
    if (free === socket.free) return false
    socket.free = free
    return true
}

/**
 * Sn_RX_RSR is the distance of two pointers, which come with the same snapshot: they are the second reading. Where they do
 * not fit, it counts when it stays as it is.
 */
function digestReceived(socket: Socket, rx: number): boolean {
    const { snapshot } = socket
    const size = u16(snapshot, RX_COUNTERS)
    const distance =
        u16(snapshot, RX_COUNTERS + 4) - u16(snapshot, RX_COUNTERS + 2)
    if (size !== (distance & 0xffff)) {
        socket.steady = rx === socket.lastRx ? socket.steady + 1 : 0
        if (socket.steady < STEADY) {
            socket.lastRx = rx
            socket.lastStatus = 0
            // who waits looks, and the next poll comes at once
            return true
        }
    }
    socket.lastRx = rx
    const received = size - socket.unacknowledged
    if (received === socket.received) return false
    socket.received = received
    return true
}
