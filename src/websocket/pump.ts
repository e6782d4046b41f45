import * as ds from "@devicescript/core"
import { Mailbox } from "./mailbox"
import { Stream, StreamError } from "../net/stream"
import { ProtocolError } from "../protocol/codes"
import { Outgoing } from "../protocol/outgoing"
import { Event } from "../protocol/receiver"
import { MAX_OUTPUT } from "../protocol/sender"
import { Session, Version } from "../protocol/session"
import { Signal } from "../fiber/signal"

/**
 * Events, output, and bytes of the server's reply, after which a fiber gives way: far from the VM's limit of steps without a
 * pause. The check of 32 bytes of text can cost as much as an event, that of a part of a message as much as so many.
 */
const WORK_A_TURN = 64
const PART = 32
const OUTPUT_A_TURN = 8192
const REPLY_A_TURN = 128

/** What a write costs beside its bytes: as many steps as so many bytes. */
const OUTPUT_OVERHEAD = 128

export interface PumpOptions {
    /** Milliseconds from the open link to the end of the handshake. Default 10,000. */
    handshakeTimeout?: number
    /** Milliseconds to wait for the peer to end the connection. Default 5,000. */
    closeTimeout?: number
    /**
     * A Ping after `interval` milliseconds in which nothing came, and the end of the connection when `timeout`
     * milliseconds later there is still nothing. Default 30,000 and 10,000; `null`: no own Pings.
     */
    heartbeat?: Heartbeat
    /** Another version of the protocol than RFC 6455: `hixie76`, `hixie75`. They have no Pings. */
    version?: Version
}

/** Milliseconds. */
export interface Heartbeat {
    interval: number
    timeout: number
}

const HEARTBEAT: Heartbeat = { interval: 30000, timeout: 10000 }

function handshakeTimeout(options: PumpOptions): number {
    return options.handshakeTimeout ?? 10000
}

function closeTimeout(options: PumpOptions): number {
    return options.closeTimeout ?? 5000
}

/** Who takes what arrives, and is kept up to date. */
export interface PumpOwner {
    /** Milliseconds that the last Ping took to come back. */
    rtt: number
    /** Payload bytes that the link has not taken yet. */
    bufferedAmount: number
    /** Takes what arrives; nothing more is read until it returns. */
    readonly mailbox: Mailbox
    handshakeDone(): void
}

/** Milliseconds in which the program may reply to what came before a Close frame, or before a bad one. */
const SETTLE = 1000

/** Milliseconds in which Pongs may go out before the next Ping is read; a peer that reads none of them gets the last ones. */
const CROWD = 100

/**
 * Joins one Stream and one Session:
 *
 *     stream.recv ──1──> session.receive ──2──> session.poll ──3──> owner
 *                                                    │ Pong, Close
 *     stream.send <──5── session.next  <─────4───────┘ <── owner's messages
 *
 * 1-3 run in the fiber of `run`, 4-5 in the fiber that has something to write, one at a time: a peer that does not
 * read can hold up what is sent, never what is received.
 * @devsWhenUsed
 */
export class Pump {
    /** What broke the connection, or kept it from being opened: StreamError, ProtocolError, HandshakeError. */
    error: Error

    private readonly heartbeat: Heartbeat
    /** When the handshake or the wait for the end is over; 0 while open. */
    private deadline: number
    /** When to send a Ping, or to give up when one is out. */
    private beat: number
    private beating: boolean
    private pings = 0
    private pongs = 0
    private pingedAt: number
    private isOpen: boolean
    private flushing: boolean
    /** A fiber that will flush is about to start. */
    private starting: boolean
    /** Output that the link took, in bytes and a constant for each write. */
    private output = 0
    /** Where in the output the fiber gives way next, and where the last Ping went out. */
    private turnEnd = 0
    private outputAtPing: number
    /** Events since the fiber that reads gave way. */
    private work = 0
    private over: boolean
    private readonly changed = new Signal()

    constructor(
        private readonly stream: Stream,
        private readonly session: Session,
        private readonly options: PumpOptions,
        private readonly owner: PumpOwner
    ) {
        const { heartbeat, version } = options
        this.heartbeat =
            heartbeat === undefined && !version ? HEARTBEAT : heartbeat
    }

    /** Runs the connection from the handshake to its end; what breaks it is then in `error`. */
    async run() {
        const { stream, session } = this
        try {
            this.owner.mailbox.limit(true)
            this.deadline = ds.millis() + handshakeTimeout(this.options)
            // In a fiber of its own: the link may take nothing, and the timeout counts all the same.
            this.flush.start(session.open())
            await this.read()
        } catch (e: any) {
            // Behind both Close frames it is no error how the link ends: the Pico W reports one whenever the peer hangs up.
            if (!this.error && !session.wasClean()) this.error = e
        }
        this.over = true
        await stream.close()
        // A message that the link did not take has to be back in the queue.
        while (this.flushing) await this.changed.wait()
        this.changed.notify()
    }

    /** Sends data; waits until the link has taken it. @returns false when the link is gone before */
    async send(item: Outgoing): Promise<boolean> {
        const { owner } = this
        const sender = this.session.sender
        if (
            !this.over &&
            sender.idle &&
            !this.flushing &&
            item.length <= MAX_OUTPUT &&
            !item.slice
        ) {
            // Nothing is before it: straight to the link.
            const bytes = sender.frame(item)
            owner.bufferedAmount = item.length
            await this.flush(bytes, item)
            return !this.error
        }
        sender.push(item)
        owner.bufferedAmount = sender.buffered
        const number = sender.queued
        await this.flush()
        while (sender.completed < number) {
            if (this.over || this.error) return false
            await this.changed.wait()
        }
        return true
    }

    /**
     * Writes what there is to write; at once without waiting when another fiber is at it.
     * @param bytes to begin with, the frame of `item`
     */
    async flush(bytes?: Buffer, item?: Outgoing) {
        this.starting = false
        if (this.flushing || this.over) return
        this.flushing = true
        const { stream, owner, changed } = this
        const sender = this.session.sender
        try {
            if (!bytes) bytes = sender.next()
            while (bytes) {
                await stream.send(bytes)
                item = undefined
                owner.bufferedAmount = sender.buffered
                const output = this.output + bytes.length + OUTPUT_OVERHEAD
                this.output = output
                if (output > this.turnEnd) {
                    this.turnEnd = output + OUTPUT_A_TURN
                    await ds.sleep(0)
                }
                bytes = sender.idle ? undefined : sender.next()
            }
            if (bytes === null) await stream.close()
        } catch (e: any) {
            if (item) sender.push(item)
            if (!this.error) this.error = e
            owner.mailbox.limit(false)
            await stream.close()
        }
        this.flushing = false
        if (changed.fiber) changed.notify()
    }

    /** @returns milliseconds to the Pong; undefined when none came in time or the link is gone */
    async ping(timeout: number): Promise<number> {
        const start = ds.millis()
        const number = this.sendPing()
        this.write()
        while (this.pongs < number) {
            const left = start + timeout - ds.millis()
            if (this.over || left <= 0) return undefined
            await this.changed.wait(left)
        }
        return ds.millis() - start
    }

    /** Waits for the end of the closing handshake, at most `closeTimeout`. */
    async close() {
        this.write()
        const deadline = ds.millis() + closeTimeout(this.options)
        while (!this.over) {
            const left = deadline - ds.millis()
            if (left <= 0) return await this.stream.close()
            await this.changed.wait(left)
        }
    }

    /** Why something could not be done. */
    broken(what: string): Error {
        const why = this.error ? this.error.message : "the connection is closed"
        return new StreamError(`${what}: ${why}`)
    }

    /** Gives the connection up. */
    async abort() {
        await this.stream.close()
    }

    private async read() {
        const { stream, session } = this
        for (;;) {
            const chunk = await stream.recv(this.patience())
            if (chunk) {
                if (this.heartbeat) this.alive()
                if (this.isOpen) session.receive(chunk)
                else await this.greeting(chunk)
                await this.drain()
                if (session.isOpen && this.isOver()) return
            } else if (chunk === null) break
            else if (this.overdue()) return
        }
        if (!session.isOpen)
            throw new StreamError("closed before the handshake was complete")
    }

    /** The server's reply; behind it there may be frames. */
    private async greeting(chunk: Buffer) {
        const { session } = this
        for (let at = 0; at < chunk.length; at += REPLY_A_TURN) {
            const end = Math.min(at + REPLY_A_TURN, chunk.length)
            session.receive(chunk.slice(at, end))
            if (!session.isOpen) await ds.sleep(0)
            else {
                if (!this.isOpen) this.opened()
                await this.drain()
            }
        }
    }

    private opened() {
        this.isOpen = true
        this.deadline = 0
        this.alive()
        this.owner.handshakeDone()
        this.write()
    }

    /** Handles all that the session makes of what arrived. */
    private async drain() {
        const { session } = this
        const mailbox = this.owner.mailbox
        try {
            for (;;) {
                if (++this.work > WORK_A_TURN) {
                    this.work = 0
                    await ds.sleep(0)
                }
                const event = session.poll()
                if (event === Event.Data) {
                    const { item } = session
                    this.work += item.data.length >> 5
                    await mailbox.put(item)
                } else if (event === Event.Part) this.work += PART
                else if (event) await this.control(event)
                else break
            }
        } catch (e) {
            if (!(e instanceof ProtocolError)) throw e
            await mailbox.settled(SETTLE)
            this.error = e
            session.fail(e)
            this.linger()
        }
    }

    private async control(event: Event) {
        const { session } = this
        if (event === Event.Pong) this.pong(session.payload)
        else if (event === Event.Close) {
            await this.owner.mailbox.settled(SETTLE)
            session.answerClose()
            this.linger()
        }
        this.write()
        for (let ms = 0; ms < CROWD && session.sender.crowded(); ++ms)
            await ds.sleep(1)
    }

    /** Has the Close frame sent, and gives the peer time to end the connection. */
    private linger() {
        this.deadline = ds.millis() + closeTimeout(this.options)
        this.write()
    }

    /** Has a fiber write, without waiting for it. */
    private write() {
        if (this.flushing || this.starting) return
        this.starting = true
        this.flush.start()
    }

    /** Milliseconds until `overdue` wants to be asked; undefined: never. */
    private patience(): number {
        // Not `||`: to the VM a number beyond 31 bits is false, and so would be the time after 24 days.
        let when = this.deadline
        if (when === 0 && this.heartbeat) when = this.beat
        return when > 0 ? Math.max(0, when - ds.millis()) : undefined
    }

    /** The peer has had its time to end the connection. */
    private isOver(): boolean {
        return this.deadline > 0 && ds.millis() >= this.deadline
    }

    /** Nothing came for too long. @returns true when that is the end */
    private overdue(): boolean {
        if (!this.session.isOpen)
            throw new StreamError(
                `no answer to the handshake within ${handshakeTimeout(this.options)} ms`
            )
        if (this.deadline > 0) return true
        const { interval, timeout } = this.heartbeat
        // While long output is on its way the Ping may still stand behind it.
        if (this.beating && this.flushing && this.output !== this.outputAtPing)
            this.outputAtPing = this.output
        else if (this.beating)
            throw new StreamError(
                `no sign of life for ${interval + timeout} ms`
            )
        else {
            this.beating = true
            this.outputAtPing = this.output
            this.sendPing()
            this.write()
        }
        this.beat = ds.millis() + timeout
        return false
    }

    private alive() {
        this.beating = false
        if (this.heartbeat) this.beat = ds.millis() + this.heartbeat.interval
    }

    private sendPing(): number {
        const number = ++this.pings
        const payload = Buffer.alloc(4)
        payload.setAt(0, "i32", number)
        this.pingedAt = ds.millis()
        this.session.sender.ping(payload)
        return number
    }

    /** Any other Pong than the one to our last Ping is none of ours, RFC 6455, 5.5.3. */
    private pong(payload: Buffer) {
        if (payload.length !== 4 || payload.getAt(0, "i32") !== this.pings)
            return
        this.pongs = this.pings
        this.owner.rtt = ds.millis() - this.pingedAt
        this.changed.notify()
    }
}
