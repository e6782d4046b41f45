import * as ds from "@devicescript/core"
import { Address, Dial, Stream, StreamError } from "../../src/net/stream"
import { notify, Signal, wait } from "../../src/fiber/signal"

/** While the peer has not taken more bytes than this, the network takes no more. */
const WINDOW = 8192

/** A connection without a network. The WebSocket under test has the Stream's side, the test plays the peer. */
export class Pipe implements Stream {
    /** The WebSocket has given the connection up. */
    closed = false
    /** Milliseconds that the WebSocket's last `recv` waits at most; undefined: for ever. */
    patience: number

    /** Reads that still get `chatter` when there is nothing else. */
    chatters = 0
    private chatter: Buffer
    private toClient: Buffer[] = []
    private fromClient: Buffer[] = []
    /** Bytes of the first one that are taken. */
    private taken = 0
    private ended = false
    private error: string
    /** Writes that are still accepted; undefined: any number. */
    private room: number
    private reading = false
    private readonly changed = new Signal()

    async send(data: Buffer) {
        while (this.isFull() && !this.closed && !this.error)
            await wait(this.changed)
        this.check()
        if (this.room) this.room--
        this.fromClient.push(data)
        notify(this.changed)
    }

    async recv(timeout?: number): Promise<Buffer> {
        const until = ds.millis() + timeout
        this.patience = timeout
        this.reading = true
        notify(this.changed)
        while (!this.toClient.length) {
            if (this.closed || (this.ended && !this.error)) return null
            this.check()
            if (this.chatters > 0) {
                this.chatters--
                await ds.sleep(1)
                return this.chatter
            }
            const left = timeout === undefined ? undefined : until - ds.millis()
            if (left < 0 || !(await wait(this.changed, left))) {
                this.reading = false
                return undefined
            }
        }
        this.reading = false
        const chunk = this.toClient[0]
        this.toClient.insert(0, -1)
        return chunk
    }

    async close() {
        this.closed = true
        this.toClient = []
        notify(this.changed)
    }

    /** Sends bytes to the WebSocket, each call as a network read of its own. */
    push(data: Buffer) {
        this.toClient.push(data)
        notify(this.changed)
    }

    /** Lets the peer talk on: so many reads find these bytes at hand. */
    talkOn(data: Buffer, times: number) {
        this.chatter = data
        this.chatters = times
    }

    /** Ends the connection as the peer, behind what was pushed. */
    end() {
        this.ended = true
        notify(this.changed)
    }

    /** Breaks the connection. */
    fail(message: string) {
        this.error = message
        notify(this.changed)
    }

    /** From now on the network takes so many writes, and then no more; undefined: any number again. */
    allow(writes: number) {
        this.room = writes
        notify(this.changed)
    }

    /** Bytes that the WebSocket has sent and nobody has taken. */
    available(): number {
        let size = -this.taken
        for (const data of this.fromClient) size += data.length
        return size
    }

    /** Pushed pieces that the WebSocket has not read. */
    unread(): number {
        return this.toClient.length
    }

    /**
     * Takes bytes that the WebSocket sends, waiting for them.
     * @returns `null` when it gives the connection up before
     */
    async take(size: number): Promise<Buffer> {
        while (this.available() < size) {
            if (this.closed) return null
            await wait(this.changed)
        }
        const out = Buffer.alloc(size)
        for (let at = 0; at < size;) {
            const first = this.fromClient[0]
            const part = Math.min(first.length - this.taken, size - at)
            out.blitAt(at, first, this.taken, part)
            at += part
            this.taken += part
            if (this.taken === first.length) {
                this.fromClient.insert(0, -1)
                this.taken = 0
                notify(this.changed)
            }
        }
        return out
    }

    /** Takes a line that the WebSocket sends, with its end, like `take`. */
    async takeLine(): Promise<Buffer> {
        const line: number[] = []
        while (line[line.length - 1] !== 10) {
            const byte = await this.take(1)
            if (!byte) return null
            line.push(byte[0])
        }
        return Buffer.from(line)
    }

    /** Waits until the WebSocket has read all that was pushed, dealt with it, and asks for more. */
    async consumed() {
        while (!this.closed && (this.toClient.length || !this.reading))
            await wait(this.changed)
    }

    /** Waits until the WebSocket gives the connection up. */
    async abandoned() {
        while (!this.closed) await wait(this.changed)
    }

    private isFull(): boolean {
        return this.room === 0 || this.available() > WINDOW
    }

    private check() {
        if (this.closed) throw new StreamError("pipe: closed")
        if (this.error) throw new StreamError(this.error)
    }
}

/** Where the WebSocket under test dials: every dial makes a new pipe. */
export class Network {
    /** What was dialed so far. */
    readonly dialed: Address[] = []
    /** Writes that new pipes accept; undefined: any number. */
    writes: number
    readonly dial: Dial
    /** Failures of the next dials. */
    private readonly refusals: string[] = []
    private readonly pipes: Pipe[] = []
    private held = false
    private readonly changed = new Signal()

    constructor() {
        const self = this
        this.dial = async address => await self.open(address)
    }

    /** Lets the next dial fail. */
    refuse(message: string) {
        this.refusals.push(message)
    }

    /** Lets dials take long: until `release`. */
    hold() {
        this.held = true
    }

    release() {
        this.held = false
        notify(this.changed)
    }

    /** The pipe of the next dial, waiting for it. */
    async next(): Promise<Pipe> {
        while (!this.pipes.length) await wait(this.changed)
        const pipe = this.pipes[0]
        this.pipes.insert(0, -1)
        return pipe
    }

    private async open(address: Address): Promise<Pipe> {
        this.dialed.push(address)
        notify(this.changed)
        while (this.held) await wait(this.changed)
        if (this.refusals.length) {
            const message = this.refusals[0]
            this.refusals.insert(0, -1)
            throw new StreamError(message)
        }
        const pipe = new Pipe()
        pipe.allow(this.writes)
        this.pipes.push(pipe)
        notify(this.changed)
        return pipe
    }
}

/**
 * Lets every other fiber come to rest that is not waiting for a time, to see that nothing more happens.
 * `sleep(0)` would not do: in the same millisecond the VM goes on with the oldest fiber.
 */
export async function settle() {
    for (let i = 0; i < 5; ++i) await ds.sleep(1)
}
