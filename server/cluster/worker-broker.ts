import {
    POINTS_PER_EVENT,
    type FleetingTopic,
    type HubEvent,
    type Topic,
    type Topics,
} from "../bus/bus.ts"
import { Hub, type HubLimits } from "../plot/hub.ts"

/** Under which name the broker hands over what it remembers. */
const BROKER = "broker"

/** Who takes part: a worker process, at the other end of its channel. */
export interface Member {
    receive(event: Topics[Topic], topic: Topic): void
    /** All of the past was handed over. */
    joined(): void
}

/** What the broker knows of a member. */
interface Entry {
    /** The servers that it has told of */
    servers: Map<string, "plot" | "rooms">
    topics: Set<FleetingTopic>
}

/**
 * What connects servers that have a common parent, at the parent's end: hands the plot's events of each member to all
 * members, and remembers for a new one what a hub remembers; all other events go to the others that have subscribed.
 */
export class WorkerBroker {
    readonly #hub: Hub
    readonly #members = new Map<Member, Entry>()
    readonly #subscribers = new Map<FleetingTopic, Set<Member>>()

    constructor(limits?: Partial<HubLimits>) {
        this.#hub = new Hub(limits)
    }

    /** Hands the past to a member, and from then on what the others publish, and itself. */
    join(member: Member): void {
        for (const event of this.#past()) member.receive(event, "plot")
        member.joined()
        this.#members.set(member, { servers: new Map(), topics: new Set() })
    }

    /** A member that has joined is to get what the others publish on a topic. */
    subscribe(member: Member, topic: FleetingTopic): void {
        const subscribers = this.#subscribers.get(topic) ?? new Set<Member>()
        this.#subscribers.set(topic, subscribers.add(member))
        this.#members.get(member)?.topics.add(topic)
    }

    unsubscribe(member: Member, topic: FleetingTopic): void {
        const subscribers = this.#subscribers.get(topic)
        subscribers?.delete(member)
        if (subscribers?.size === 0) this.#subscribers.delete(topic)
        this.#members.get(member)?.topics.delete(topic)
    }

    /** Takes what a member has published. */
    publish<Name extends Topic>(
        topic: Name,
        event: Topics[Name],
        from: Member
    ): void {
        const kind = topic === "plot" ? "plot" : "rooms"
        this.#members.get(from)?.servers.set(event.server, kind)
        if (topic === "plot") this.#distribute(event as HubEvent)
        else this.#pass(topic as FleetingTopic, event, from)
    }

    /** A member is not there any more; what it did not tell itself is told for it. */
    leave(member: Member): void {
        const entry = this.#members.get(member)
        this.#members.delete(member)
        if (!entry) return
        for (const topic of entry.topics) this.unsubscribe(member, topic)
        for (const [server, kind] of entry.servers)
            if (kind === "rooms")
                this.#pass("rooms", { kind: "gone", server }, member)
            else if (this.#hub.knows(server))
                this.#distribute({ kind: "gone", server })
    }

    close(): void {
        this.#members.clear()
        this.#subscribers.clear()
        this.#hub.close()
    }

    #distribute(event: HubEvent): void {
        this.#hub.receive(event)
        for (const member of this.#members.keys()) member.receive(event, "plot")
    }

    #pass(topic: FleetingTopic, event: Topics[Topic], from: Member): void {
        for (const member of this.#subscribers.get(topic) ?? [])
            if (member !== from) member.receive(event, topic)
    }

    *#past(): Iterable<HubEvent> {
        for (const { source, name, points } of this.#hub.series)
            for (
                let from = points.oldest;
                from < points.total;
                from += POINTS_PER_EVENT
            )
                yield {
                    kind: "points",
                    server: BROKER,
                    batch: [
                        {
                            source,
                            series: name,
                            points: points.read(from, POINTS_PER_EVENT),
                        },
                    ],
                }
        yield* this.#hub.states
    }
}
