import { millis } from "../fiber/clock"
import { deadlineIn, waitUntil } from "../fiber/deadline"
import { notify, Signal, wait } from "../fiber/signal"
import { StreamError } from "../net/stream"
import { CLOSE_ABNORMAL } from "../protocol/codes"
import { Message } from "../protocol/message"
import { backoff, Down, Retry } from "./backoff"
import { Connection } from "./connection"

/** Messages that are read ahead of the program. While it takes none of them the network waits, where it can. */
const AHEAD = 2

type Data = string | Buffer | Message

/** A message that will not be sent. */
export interface Drop {
    readonly data: Data
    readonly reason: string
}

export interface ReconnectingOptions {
    /** Most messages, and most bytes, that wait for a connection. Default 16 and 4,096. */
    messages?: number
    bytes?: number
    /** What gives way when there are more: the new message (`send` throws RangeError) or the oldest ones (`ondrop`). Default newest. */
    drop?: "newest" | "oldest"
    /** There is a connection, again. */
    onopen?: () => void | Promise<void>
    /** A connection has ended, or an attempt to make one has failed. */
    onclose?: (down: Down) => void | Promise<void>
    /** A message that waited will not be sent. */
    ondrop?: (drop: Drop) => void | Promise<void>
}

/** A message that waits, with its place in the order of the calls. */
interface Waiting {
    data: Data
    size: number
    number: number
}

/**
 * Connects, and again whenever the connection ends. What is sent meanwhile waits; a message that a link has torn is sent again,
 * whole. Reads by itself: Pings are answered whether the program reads or not.
 * @param open makes a connection: `() => connect("ws://…")`; also the place for a login
 * @param retry decides when to try again, and whether
 */
export function reconnecting(
    open: () => Promise<Connection>,
    retry: Retry = backoff(),
    options: ReconnectingOptions = {}
): Reconnecting {
    return new Reconnecting(open, retry, options)
}

/**
 * One connection after the other, as one; `reconnecting` makes it.
 * @devsWhenUsed
 */
export class Reconnecting implements Connection {
    /** That of the last connection. */
    protocol = ""
    /** How it ended for good. */
    end: Down
    /** Bytes that wait for a connection. */
    bufferedAmount = 0

    /** The connection, while there is one that can be used. */
    private connection: Connection
    /** Why the last one can be used no more. */
    private fault: string
    private isClosing: boolean
    /** In the order of the calls of `send`. */
    private readonly queue: Waiting[] = []
    private calls = 0
    /** The queue is on its way. */
    private isFlushing: boolean
    private readonly inbox: Message[] = []
    private readonly arrived = new Signal()
    private readonly changed = new Signal()

    constructor(
        private readonly open: () => Promise<Connection>,
        private readonly retry: Retry,
        private readonly options: ReconnectingOptions
    ) {
        this.run.start()
    }

    /** Waits until there is a connection. @throws what stopped it for good */
    async opened() {
        while (!this.connection) {
            this.check()
            await wait(this.changed)
        }
    }

    async recv(timeout?: number): Promise<Message> {
        const deadline = deadlineIn(timeout)
        const { inbox } = this
        while (!inbox.length) {
            const { end } = this
            if (end) {
                if (end.error) throw end.error
                return null
            }
            if (!(await waitUntil(this.arrived, deadline))) return undefined
        }
        const message = inbox[0]
        inbox.insert(0, -1)
        notify(this.changed)
        return message
    }

    /**
     * Sends a message, or queues it while there is no connection.
     * @throws TypeError for anything else, RangeError when the queue is full, StreamError when it is closed or over for good
     */
    async send(data: Data) {
        const item = { data, size: sizeOf(data), number: this.calls++ }
        while (this.isFlushing) await wait(this.changed)
        this.check()
        if (!this.connection) this.admit(item)
        else if (!(await this.hand(item))) {
            this.check()
            this.insert(item)
            // There may be another connection by now.
            this.startFlush()
        }
    }

    /**
     * Sends what waits, if there is a connection, closes it, and makes no other.
     * @param code as of the connection
     * @throws RangeError as the connection does
     */
    async close(code?: number, reason?: string) {
        while (this.isFlushing) await wait(this.changed)
        const { connection } = this
        this.isClosing = true
        notify(this.changed)
        try {
            if (connection) await connection.close(code, reason)
        } catch (e) {
            this.isClosing = false
            throw e
        }
        while (!this.end) await wait(this.changed)
    }

    /** @throws what stopped it for good */
    private check() {
        const { end } = this
        if (end && end.error) throw end.error
        if (end || this.isClosing) throw new StreamError("closed")
    }

    private async run() {
        const { onclose } = this.options
        for (;;) {
            const down = await this.connect()
            if (!this.isClosing) down.retry = this.retry(down)
            if (down.retry === undefined) this.end = down
            if (onclose) onclose.start(down)
            // Behind it: what `recv` returns then is the next in order.
            if (this.end) return this.finish.start()
            const deadline = deadlineIn(down.retry)
            while (!this.isClosing)
                if (!(await waitUntil(this.changed, deadline))) break
        }
    }

    /** One connection, from the attempt to its end. */
    private async connect(): Promise<Down> {
        let connection: Connection
        let since: number
        let error: Error
        try {
            if (!this.isClosing) connection = await this.open()
            if (connection) {
                since = millis()
                await this.use(connection)
            }
        } catch (e: any) {
            error = e
        }
        this.connection = undefined
        if (!connection)
            return {
                code: CLOSE_ABNORMAL,
                reason: "",
                wasClean: false,
                error,
                lasted: 0,
                retry: undefined,
            }
        await connection.close()
        const { code, reason, wasClean } = connection.end
        return {
            code,
            reason,
            wasClean,
            error,
            lasted: millis() - since,
            retry: undefined,
        }
    }

    /** Reads until the connection ends. @throws what broke it */
    private async use(connection: Connection) {
        const { inbox, arrived, changed } = this
        const { onopen } = this.options
        if (this.isClosing) return
        this.connection = connection
        this.protocol = connection.protocol
        if (onopen) onopen.start()
        this.startFlush()
        notify(changed)
        for (;;) {
            while (inbox.length >= AHEAD && !this.isClosing) {
                if (this.connection !== connection)
                    throw new StreamError(`messages not read, ${this.fault}`)
                await wait(changed)
            }
            const message = await connection.recv()
            if (!message) return
            // what comes behind `close` is for nobody
            if (this.isClosing) continue
            inbox.push(message)
            notify(arrived)
        }
    }

    private startFlush() {
        if (this.isFlushing || !this.connection || !this.queue.length) return
        this.isFlushing = true
        this.flush.start()
    }

    /** Sends what waits. */
    private async flush() {
        const { queue } = this
        while (this.connection && queue.length) {
            const item = queue[0]
            let reason: string
            try {
                if (!(await this.hand(item))) break
            } catch (e: any) {
                reason = e.message
            }
            this.remove(item, reason)
        }
        this.isFlushing = false
        notify(this.changed)
    }

    /** Hands a message to the connection. @returns false when that breaks: no other message goes to it */
    private async hand({ data }: Waiting): Promise<boolean> {
        const { connection } = this
        try {
            await connection.send(data)
            return true
        } catch (e: any) {
            if (!(e instanceof StreamError)) throw e
            if (this.connection === connection) this.connection = undefined
            this.fault = e.message
            notify(this.changed)
            return false
        }
    }

    /** Queues a message, if there is room. */
    private admit(item: Waiting) {
        const { queue, options } = this
        const messages = options.messages ?? 16
        const bytes = options.bytes ?? 4096
        while (
            queue.length >= messages ||
            this.bufferedAmount + item.size > bytes
        ) {
            if (options.drop !== "oldest" || !queue.length || item.size > bytes)
                throw new RangeError(
                    `send: no connection, and the queue of ${messages} messages and ${bytes} bytes is full`
                )
            this.remove(queue[0], "queue full")
        }
        this.insert(item)
    }

    private insert(item: Waiting) {
        const { queue } = this
        let at = queue.length
        while (at && queue[at - 1].number > item.number) at--
        queue.insert(at, 1)
        queue[at] = item
        this.bufferedAmount += item.size
    }

    /** @param reason why it was not sent, if it was not */
    private remove(item: Waiting, reason?: string) {
        const { queue } = this
        const { ondrop } = this.options
        queue.insert(queue.indexOf(item), -1)
        this.bufferedAmount -= item.size
        if (reason && ondrop) ondrop.start({ data: item.data, reason })
    }

    private async finish() {
        while (this.queue.length) this.remove(this.queue[0], "closed")
        notify(this.arrived)
        notify(this.changed)
    }
}

/** @throws TypeError for what is not a message */
function sizeOf(data: Data): number {
    if (typeof data === "string") return data.byteLength
    const bytes = data instanceof Message ? data.data : data
    if (bytes instanceof Buffer) return bytes.length
    throw new TypeError(`send: ${data}`)
}
