import { setTimeout as sleep } from "node:timers/promises"
import {
    headers,
    type Msg,
    type NatsConnection,
    type Subscription,
} from "@nats-io/transport-node"
import type {
    FleetingEvent,
    FleetingTopic,
    Handler,
    Refusal,
    Topic,
} from "./bus.ts"
import { FLUSH, NatsLink } from "./nats-link.ts"
import {
    decode,
    encode,
    HEADER,
    HEADER_BYTES,
    subjectOf,
} from "./room-message.ts"

/** Bytes on the way to a NATS server that it has not confirmed; further messages are not sent. */
const MOST_UNCONFIRMED = 16 * 1024 * 1024

/** Who is told of each topic, and how NATS knows it while it is connected. */
interface Subscriber {
    handler: (event: FleetingEvent) => void
    subscription?: Subscription
}

interface RoomsOptions {
    url: string
    report?: (text: string) => void
}

/** Events that are delivered at most once, over NATS as it is; connected from the first topic on. */
export class NatsRooms {
    readonly #link: NatsLink
    readonly #subscribers = new Map<FleetingTopic, Subscriber>()
    #nats?: NatsConnection
    #running?: Promise<void>
    #returned = () => {}
    #unconfirmed = 0
    #confirming = false

    constructor({ url, report }: RoomsOptions) {
        this.#link = new NatsLink({
            url,
            options: { noEcho: true },
            use: nats => this.#use(nats),
            lost: () => (this.#nats = undefined),
            report: text => report?.(`rooms: ${text}`),
        })
    }

    /** Whether what is published now leaves. As long as there is no topic nothing is missed. */
    get connected(): boolean {
        return !this.#running || !!this.#nats
    }

    publish(topic: FleetingTopic, event: unknown): Refusal | undefined {
        const nats = this.#nats
        if (!nats) return "away"
        const { header, data } = encode(event as FleetingEvent)
        const size = data.length + HEADER_BYTES
        if (size > (nats.info?.max_payload ?? Infinity)) return "too long"
        if (this.#unconfirmed + size > MOST_UNCONFIRMED) return "behind"
        const fields = headers()
        fields.set(HEADER, header)
        try {
            nats.publish(subjectOf(topic), data, { headers: fields })
        } catch {
            // it is closing
            return "away"
        }
        this.#unconfirmed += size
        this.#confirm(nats)
        return undefined
    }

    subscribe<Name extends Topic>(
        topic: Name,
        handler: Handler<Name>
    ): Promise<void> {
        const name = topic as FleetingTopic
        const subscriber: Subscriber = {
            handler: handler as (event: FleetingEvent) => void,
        }
        this.#subscribers.set(name, subscriber)
        if (this.#nats) this.#listen(this.#nats, name, subscriber)
        this.#running ??= this.#link.run()
        return Promise.resolve()
    }

    unsubscribe(topic: FleetingTopic): void {
        this.#subscribers.get(topic)?.subscription?.unsubscribe()
        this.#subscribers.delete(topic)
    }

    onReturn(handler: () => void): void {
        this.#returned = handler
    }

    /** Resolves when what was published has left, or cannot any more. */
    async close(): Promise<void> {
        const left = this.#nats?.flush().catch(() => {})
        await Promise.race([left, this.#link.pause(FLUSH)])
        this.#link.end()
        const late = sleep(FLUSH, undefined, { ref: false })
        await Promise.race([this.#nats?.close(), late])
    }

    /** Resolves when the connection has ended. */
    async #use(nats: NatsConnection): Promise<void> {
        this.#unconfirmed = 0
        this.#nats = nats
        for (const [topic, subscriber] of this.#subscribers)
            this.#listen(nats, topic, subscriber)
        // what the others tell from now on is to come here
        await nats.flush()
        this.#link.report(`connected to ${nats.getServer()}`)
        this.#returned()
        const reason = await nats.closed()
        if (reason) throw reason
    }

    #listen(
        nats: NatsConnection,
        topic: FleetingTopic,
        subscriber: Subscriber
    ): void {
        const callback = (_: unknown, message: Msg) => {
            const event = decode({
                header: message.headers?.get(HEADER) ?? "",
                data: Buffer.from(message.data),
            })
            if (event) subscriber.handler(event)
            else this.#link.report("ignoring a message that is not an event")
        }
        try {
            const subject = subjectOf(topic)
            subscriber.subscription = nats.subscribe(subject, { callback })
        } catch (error) {
            // it is closing; the next connection subscribes anew
            this.#link.report((error as Error).message)
        }
    }

    /** Learns with one question at a time what has arrived. */
    #confirm(nats: NatsConnection): void {
        if (this.#confirming) return
        this.#confirming = true
        const asked = this.#unconfirmed
        nats.flush()
            .then(() => {
                this.#confirming = false
                if (this.#nats !== nats) return
                this.#unconfirmed -= asked
                if (this.#unconfirmed) this.#confirm(nats)
            })
            // the connection ends
            .catch(() => (this.#confirming = false))
    }
}
