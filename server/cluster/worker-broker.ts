import { POINTS_PER_EVENT, type HubEvent } from "../bus/bus.ts"
import { Hub, type HubLimits } from "../plot/hub.ts"

/** Under which name the broker hands over what it remembers. */
const BROKER = "broker"

/** Who takes part: a worker process, at the other end of its channel. */
export interface Member {
    receive(event: HubEvent): void
    /** All of the past was handed over. */
    joined(): void
}

/**
 * What connects servers that have a common parent, at the parent's end: hands the events of each member to all members,
 * and remembers for a new one what a hub remembers.
 */
export class WorkerBroker {
    readonly #hub: Hub
    readonly #members = new Map<Member, Set<string>>()

    constructor(limits?: Partial<HubLimits>) {
        this.#hub = new Hub(limits)
    }

    /** Hands the past to a member, and from then on what the others publish, and itself. */
    join(member: Member): void {
        for (const event of this.#past()) member.receive(event)
        member.joined()
        this.#members.set(member, new Set())
    }

    /** Takes what a member has published. */
    publish(event: HubEvent, from: Member): void {
        this.#members.get(from)?.add(event.server)
        this.#distribute(event)
    }

    /** A member is not there any more; what it did not tell itself is told for it. */
    leave(member: Member): void {
        const servers = this.#members.get(member) ?? []
        this.#members.delete(member)
        for (const server of servers)
            if (this.#hub.knows(server))
                this.#distribute({ kind: "gone", server })
    }

    close(): void {
        this.#members.clear()
        this.#hub.close()
    }

    #distribute(event: HubEvent): void {
        this.#hub.receive(event)
        for (const member of this.#members.keys()) member.receive(event)
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
