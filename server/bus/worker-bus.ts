import type {
    Bus,
    BusStatus,
    FleetingTopic,
    Handler,
    Refusal,
    Topic,
    Topics,
} from "./bus.ts"

/** What goes from a worker to the `WorkerBroker` of its parent, over the channel between processes. */
export type ToBroker =
    | { bus: "subscribe"; topic: Topic }
    | { bus: "unsubscribe"; topic: FleetingTopic }
    | { bus: "publish"; topic: Topic; event: Topics[Topic] }

/** What comes back. */
export type FromBroker =
    { bus: "subscribed" } | { bus: "event"; topic: Topic; event: Topics[Topic] }

/** Events that wait until the channel takes them, and bytes of messages; further ones are dropped. */
export const MOST_WAITING = 1000
export const MOST_BYTES = 16 * 1024 * 1024

/** The bus of a worker process: its parent's `WorkerBroker`, at the other end of the channel between the two. */
export class WorkerBus implements Bus {
    #waiting = 0
    #bytes = 0
    #dropped = 0
    readonly #handlers = new Map<Topic, (event: Topics[Topic]) => void>()
    #subscribed = () => {}
    readonly #receive = (message: FromBroker) => {
        if (message.bus === "event")
            this.#handlers.get(message.topic)?.(message.event)
        else if (message.bus === "subscribed") this.#subscribed()
    }

    get status(): BusStatus {
        return {
            connected: process.connected,
            waiting: this.#waiting,
            dropped: this.#dropped,
        }
    }

    publish<Name extends Topic>(
        topic: Name,
        event: Topics[Name]
    ): Refusal | undefined {
        const bytes = bytesOf(event)
        const isFull =
            this.#waiting === MOST_WAITING || this.#bytes + bytes > MOST_BYTES
        if (isFull || !process.connected) {
            this.#dropped++
            return isFull ? "behind" : "away"
        }
        this.#waiting++
        this.#bytes += bytes
        send({ bus: "publish", topic, event }, () => {
            this.#waiting--
            this.#bytes -= bytes
        })
        return undefined
    }

    subscribe<Name extends Topic>(
        topic: Name,
        handler: Handler<Name>
    ): Promise<void> {
        if (this.#handlers.size === 0) process.on("message", this.#receive)
        this.#handlers.set(topic, handler as (event: Topics[Topic]) => void)
        send({ bus: "subscribe", topic })
        if (topic !== "plot") return Promise.resolve()
        return new Promise(resolve => (this.#subscribed = resolve))
    }

    unsubscribe(topic: FleetingTopic): void {
        this.#handlers.delete(topic)
        send({ bus: "unsubscribe", topic })
    }

    /** The channel is there for as long as the worker. */
    onReturn(): void {}

    async close(): Promise<void> {
        process.off("message", this.#receive)
        if (!process.connected) return
        // the channel keeps the order: when this has left, all has
        await new Promise(resolve =>
            process.send!({}, undefined, undefined, resolve)
        )
    }
}

/** What of an event can be long without a limit. */
export function bytesOf(event: Topics[Topic]): number {
    return event.kind === "message" ? event.data.length : 0
}

function send(message: ToBroker, sent?: () => void): void {
    if (!process.connected) return
    // an error means that the parent has gone, which ends the worker, too
    process.send!(message, undefined, undefined, () => sent?.())
}
