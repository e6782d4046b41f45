import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import {
    DeliverPolicy,
    JetStreamApiError,
    jetstream,
    jetstreamManager,
    RetentionPolicy,
    StorageType,
    type StreamInfo,
} from "@nats-io/jetstream"
import { nanos, type NatsConnection } from "@nats-io/transport-node"
import type {
    Bus,
    BusStatus,
    FleetingTopic,
    Handler,
    HubEvent,
    Refusal,
    Topic,
    Topics,
} from "./bus.ts"
import { FLUSH, NatsLink, RETRY } from "./nats-link.ts"
import { NatsRooms } from "./nats-rooms.ts"
import { Outbox } from "./outbox.ts"
import { parseEvent } from "./parse-event.ts"

/** The stream with the history. One that is there already is taken as it is, with its own limits. */
export const STREAM = "devicescript-plot"

/** Points, which the stream keeps. */
export const POINTS = "devicescript.plot.points"

/** What is connected, which is told again and again and needs no history. */
const STATE = "devicescript.plot.state"

/** Milliseconds for which a new stream keeps points. */
const DAY = 24 * 60 * 60 * 1000

/** Times that the stream may refuse an event, such as for its length, before it is dropped. */
const MOST_REFUSALS = 10

/** Milliseconds that a server waits for the history before it starts without. */
const PATIENCE = 5000

/** Milliseconds that the stream has for an acknowledgement. */
const ACK_TIMEOUT = 5000

/** How to use NATS. */
export interface NatsOptions {
    /** `nats://[user:password@]host[:port]`; several servers of one cluster with commas between */
    url: string
    /** Where a new stream is kept; default `file` */
    storage?: "file" | "memory"
    /** Bytes of a new stream; the oldest points give way. Default 64 MiB */
    maxBytes?: number
    /** Told when the bus comes and goes, and what it refuses */
    report?: (text: string) => void
}

/**
 * A bus over NATS, for servers on any number of machines. Points go into a JetStream stream, one event at a time and
 * each acknowledged: what the stream has taken survives the server. What is connected goes over NATS as it is. While
 * NATS is away points wait in an `Outbox`, and the server goes on showing what it has itself.
 */
export class NatsBus implements Bus {
    readonly #options: NatsOptions
    readonly #link: NatsLink
    readonly #outbox = new Outbox()
    /** With a connection of its own, so that one that is cut for being slow leaves the plot's */
    readonly #rooms: NatsRooms
    readonly #id = randomUUID()
    /** The servers that publish here: what comes back of theirs is known already */
    readonly #own = new Set<string>()
    #handler: (event: HubEvent) => void = () => {}
    #caughtUp = () => {}
    /** While the connection is up and the stream is there */
    #nats?: NatsConnection
    #pumping?: Promise<void>
    /** The last message that came, and when the stream was made that it came from */
    #last = 0
    #created = ""
    /** How often the stream has refused the first event of the outbox */
    #refusals = 0
    /** Events beyond those of the outbox that were dropped */
    #dropped = 0

    constructor(options: NatsOptions) {
        this.#options = options
        this.#link = new NatsLink({
            url: options.url,
            use: nats => this.#use(nats),
            lost: () => (this.#nats = undefined),
            report: text => this.#report(text),
        })
        this.#rooms = new NatsRooms(options)
    }

    get status(): BusStatus {
        const { length, dropped } = this.#outbox
        return {
            connected:
                !!this.#nats && this.#refusals === 0 && this.#rooms.connected,
            waiting: length,
            dropped: dropped + this.#dropped,
        }
    }

    publish<Name extends Topic>(
        topic: Name,
        event: Topics[Name]
    ): Refusal | undefined {
        if (topic !== "plot") return this.#rooms.publish(topic, event)
        this.#publish(event as HubEvent)
        return undefined
    }

    #publish(event: HubEvent): void {
        this.#own.add(event.server)
        // at once, and also while NATS is away
        this.#handler(event)
        const text = JSON.stringify(event)
        if (event.kind === "points") {
            this.#outbox.add(text)
            this.#pump()
        } else if (this.#fits(text)) this.#tellState(text)
        else this.#dropped++
    }

    /** Resolves without the history when NATS does not give it in time; then it comes later. */
    subscribe<Name extends Topic>(
        topic: Name,
        handler: Handler<Name>
    ): Promise<void> {
        if (topic !== "plot") return this.#rooms.subscribe(topic, handler)
        this.#handler = handler as Handler<"plot">
        const caughtUp = new Promise<void>(done => (this.#caughtUp = done))
        void this.#link.run()
        return Promise.race([caughtUp, this.#link.pause(PATIENCE)])
    }

    unsubscribe(topic: FleetingTopic): void {
        this.#rooms.unsubscribe(topic)
    }

    onReturn(handler: () => void): void {
        this.#rooms.onReturn(handler)
    }

    async close(): Promise<void> {
        const left = this.#rooms.close()
        await Promise.race([this.#pumping, this.#link.pause(FLUSH)])
        const { length } = this.#outbox
        if (length)
            this.#link.report(
                `${length} events had not been delivered when the server ended`
            )
        this.#link.end()
        await Promise.all([this.#leave(), left])
    }

    /** Resolves when the connection has ended. */
    async #use(nats: NatsConnection): Promise<void> {
        const { created, state } = await this.#stream(nats)
        // a stream in memory starts anew with its NATS server
        if (created !== this.#created) this.#last = 0
        this.#created = created
        nats.subscribe(STATE, {
            callback: (_, message) => this.#receive(message.string()),
        })
        // what the others tell from now on is to come here
        await nats.flush()
        this.#nats = nats
        this.#link.report(`connected to ${nats.getServer()}`)
        this.#pump()
        if (!state.messages || state.last_seq <= this.#last) this.#caughtUp()
        await Promise.race([this.#follow(nats), nats.closed()])
    }

    /** Hands over what is in the stream beyond the last message, and then what comes. */
    async #follow(nats: NatsConnection): Promise<void> {
        const consumer = await jetstream(nats).consumers.get(
            STREAM,
            this.#last
                ? {
                      deliver_policy: DeliverPolicy.StartSequence,
                      opt_start_seq: this.#last + 1,
                  }
                : { deliver_policy: DeliverPolicy.All }
        )
        const messages = await consumer.consume({
            abort_on_missing_resource: true,
        })
        for await (const message of messages) {
            this.#receive(message.string())
            this.#last = message.seq
            if (message.info.pending === 0) this.#caughtUp()
        }
    }

    async #stream(nats: NatsConnection): Promise<StreamInfo> {
        const { streams } = await jetstreamManager(nats)
        try {
            return await streams.info(STREAM)
        } catch (error) {
            if (!isMissing(error)) throw error
        }
        const { storage = "file", maxBytes = 64 * 1024 * 1024 } = this.#options
        return streams.add({
            name: STREAM,
            subjects: [POINTS],
            retention: RetentionPolicy.Limits,
            storage: storage === "file" ? StorageType.File : StorageType.Memory,
            max_bytes: maxBytes,
            max_age: nanos(DAY),
        })
    }

    #receive(text: string): void {
        const event = parseEvent(text)
        if (!event) this.#link.report("ignoring a message that is not an event")
        else if (!this.#own.has(event.server)) this.#handler(event)
    }

    #tellState(text: string): void {
        try {
            this.#nats?.publish(STATE, text)
        } catch (error) {
            // such as that the connection is closing; the state is told again
            this.#link.report((error as Error).message)
        }
    }

    /** Whether NATS takes an event of this length; that one it does not take is reported. */
    #fits(text: string): boolean {
        const limit = this.#nats?.info?.max_payload ?? Infinity
        const length = Buffer.byteLength(text)
        if (length <= limit) return true
        this.#link.report(
            `an event of ${length} bytes is dropped, NATS takes ${limit} (max_payload)`
        )
        return false
    }

    #pump(): void {
        this.#pumping ??= this.#empty().finally(() => {
            this.#pumping = undefined
            // one may have come after the last look
            if (this.#nats && this.#outbox.first) this.#pump()
        })
    }

    /** Publishes what waits: one event at a time, so that they stay in order whatever has to be said again. */
    async #empty(): Promise<void> {
        while (this.#nats && this.#outbox.first) {
            const { number, text } = this.#outbox.first
            if (!this.#fits(text) || this.#refusals === MOST_REFUSALS) {
                this.#outbox.drop()
                this.#refusals = 0
                continue
            }
            try {
                // under this id the stream takes it once, however often it is said
                await jetstream(this.#nats).publish(POINTS, text, {
                    msgID: `${this.#id} ${number}`,
                    timeout: ACK_TIMEOUT,
                })
                this.#outbox.remove()
                this.#refusals = 0
            } catch (error) {
                if (!this.#nats) return
                if (error instanceof JetStreamApiError) this.#refusals++
                this.#link.report((error as Error).message)
                await this.#link.pause(RETRY)
            }
        }
    }

    /** With what was said last: that this server has gone. A connection that hangs is left to its fate. */
    async #leave(): Promise<void> {
        const timer = new AbortController()
        const { signal } = timer
        const left = this.#nats?.flush().then(() => this.#nats?.close())
        const tooLate = sleep(FLUSH, undefined, { signal })
        await Promise.race([left, tooLate]).catch(() => {})
        timer.abort()
    }

    #report(text: string): void {
        const { waiting, dropped } = this.status
        const counts = ` (${waiting} events wait, ${dropped} were dropped)`
        this.#options.report?.(`bus: ${text}${waiting + dropped ? counts : ""}`)
    }
}

/** The API's code for a stream that is not there. */
const STREAM_NOT_FOUND = 10059

function isMissing(error: unknown): boolean {
    return error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND
}
