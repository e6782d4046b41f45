import type { Bus, BusStatus, HubEvent } from "./bus.ts"

/** What goes from a worker to the `WorkerBroker` of its parent, over the channel between processes. */
export type ToBroker =
    { bus: "subscribe" } | { bus: "publish"; event: HubEvent }

/** What comes back. */
export type FromBroker =
    { bus: "subscribed" } | { bus: "event"; event: HubEvent }

/** Events that wait until the channel takes them; further ones are dropped. */
const MOST_WAITING = 1000

/** The bus of a worker process: its parent's `WorkerBroker`, at the other end of the channel between the two. */
export class WorkerBus implements Bus {
    #waiting = 0
    #dropped = 0
    readonly #close: (() => void)[] = []

    get status(): BusStatus {
        return {
            connected: process.connected,
            waiting: this.#waiting,
            dropped: this.#dropped,
        }
    }

    publish(event: HubEvent): void {
        if (this.#waiting === MOST_WAITING || !process.connected) {
            this.#dropped++
            return
        }
        this.#waiting++
        send({ bus: "publish", event }, () => this.#waiting--)
    }

    subscribe(handler: (event: HubEvent) => void): Promise<void> {
        return new Promise(resolve => {
            const receive = (message: FromBroker) => {
                if (message.bus === "event") handler(message.event)
                else if (message.bus === "subscribed") resolve()
            }
            process.on("message", receive)
            this.#close.push(() => process.off("message", receive))
            send({ bus: "subscribe" })
        })
    }

    async close(): Promise<void> {
        for (const close of this.#close) close()
        if (!process.connected) return
        // the channel keeps the order: when this has left, all has
        await new Promise(resolve =>
            process.send!({}, undefined, undefined, resolve)
        )
    }
}

function send(message: ToBroker, sent?: () => void): void {
    // an error means that the parent has gone, which ends the worker, too
    process.send!(message, undefined, undefined, () => sent?.())
}
