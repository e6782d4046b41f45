import type { Refusal } from "../bus/bus.ts"
import type { RoomEvent } from "../bus/room-event.ts"
import type { Message } from "../websocket/message.ts"
import { SharedFrame } from "../websocket/shared-frame.ts"
import type { RelayCounters } from "./counters.ts"
import { PRESENCE, marked, presence, type PresenceEvent } from "./presence.ts"
import { RemoteServer } from "./remote-server.ts"

/** What a room needs of a member's connection. */
export interface Member {
    /** The subprotocol, or an empty string */
    readonly protocol: string
    /** Whether it can take binary messages; the older drafts cannot */
    readonly takesBinary: boolean
    /** Bytes that wait for it */
    readonly buffered: number
    send(message: Message, frame?: SharedFrame): void
    close(code: number, reason: string): void
}

/** What becomes of a member that does not read what it gets: it is closed with 1013, or misses messages. */
export type SlowMembers = "drop" | "skip"

/** Where a room is. */
export interface RoomOptions {
    /** The name of this server */
    server: string
    opening: number
    slow: SlowMembers
    counters: RelayCounters
    /** To the other servers */
    publish(event: RoomEvent): Refusal | undefined
    /** Takes out a member that was dropped. */
    leave(member: Member): void
}

/** Bytes that may wait for a member before it is too slow; one message more is on top of that. */
const UNREAD = 256 * 1024

/** The members of a room at this server, and what is known of those at others. */
export class Room {
    readonly #options: RoomOptions
    /** Those here, and the messages that each has missed since it was told */
    readonly #members = new Map<Member, number>()
    readonly #servers = new Map<string, RemoteServer>()
    #number = 0
    /** Why the last message did not leave for the other servers */
    #refusal?: Refusal

    constructor(options: RoomOptions) {
        this.#options = options
    }

    /** Members on all servers, as far as they have told. */
    get size(): number {
        let sum = this.#members.size
        for (const { members } of this.#servers.values()) sum += members
        return sum
    }

    get isEmpty(): boolean {
        return this.#members.size === 0
    }

    join(member: Member): void {
        this.#tell({ event: "joined", members: this.size + 1 })
        this.#members.set(member, 0)
        if (member.protocol === PRESENCE)
            member.send(presence({ event: "here", members: this.size }))
        // the first one asks who is elsewhere
        this.announce(this.#members.size === 1)
    }

    leave(member: Member): void {
        if (!this.#members.delete(member)) return
        this.#tell({ event: "left", members: this.size })
        this.announce()
    }

    /** Hands a member's message to all others. */
    send(from: Member, message: Message): void {
        const { server, opening, counters } = this.#options
        const isText = message.type === "text"
        const data = isText ? Buffer.from(message.data) : message.data
        counters.messages++
        this.#number++
        this.#deliver(message, data, from)
        const refusal = this.#options.publish({
            ...{ kind: "message", server, opening, number: this.#number },
            ...{ isText, data },
        })
        this.#carried(refusal)
    }

    /** Takes what another server tells. */
    receive(event: RoomEvent): void {
        const { counters } = this.#options
        const known = this.#servers.get(event.server)
        const server = known ?? new RemoteServer(event)
        this.#servers.set(event.server, server)
        const messages = server.lostBefore(event)
        if (messages) {
            counters.lost += messages
            this.#tell({ event: "lost", messages })
        }
        if (event.kind === "members") {
            this.#setMembers(server, event.members)
            if (event.ask) this.announce()
            return
        }
        // it is not known yet how many it has
        if (!known) this.announce(true)
        const { isText, data } = event
        counters.received++
        this.#deliver(
            isText
                ? { type: "text", data: data.toString() }
                : { type: "binary", data },
            data
        )
    }

    /** Tells the other servers how many are here. @param ask they are to tell the same */
    announce(ask = false): void {
        const { server, opening } = this.#options
        const members = this.#members.size
        this.#options.publish({
            ...{ kind: "members", server, opening, number: this.#number },
            ...{ members, ask },
        })
    }

    /** Another server is silent: nobody there gets anything. Its numbers are kept, so that what is missed is counted. */
    silent(name: string): void {
        const server = this.#servers.get(name)
        if (server) this.#setMembers(server, 0)
    }

    /** Another server has ended. */
    gone(name: string): void {
        this.silent(name)
        this.#servers.delete(name)
    }

    #setMembers(server: RemoteServer, members: number): void {
        const change = members - server.members
        server.members = members
        if (change === 0) return
        const event = change > 0 ? "joined" : "left"
        this.#tell({ event, members: this.size })
    }

    #carried(refusal: Refusal | undefined): void {
        const isNews = refusal !== this.#refusal || refusal === "too long"
        this.#refusal = refusal
        if (!refusal) return
        this.#options.counters.notCarried++
        if (isNews) this.#tell({ event: "not carried", reason: refusal })
        // who misses it is to know at once
        if (refusal === "too long") this.announce()
    }

    /** Tells those who have asked for it. */
    #tell(event: PresenceEvent): void {
        let told: SharedFrame | undefined
        for (const member of this.#members.keys()) {
            if (member.protocol !== PRESENCE) continue
            told ??= new SharedFrame(presence(event))
            if (!this.#isSlow(member)) share(member, told)
        }
    }

    /** @param bytes the message's */
    #deliver(message: Message, bytes: Buffer, from?: Member): void {
        const { counters } = this.#options
        const plain = new SharedFrame(message, bytes)
        let told: SharedFrame | undefined
        for (const [member, missed] of this.#members) {
            if (member === from) continue
            const takes = message.type === "text" || member.takesBinary
            if (this.#isSlow(member) || !takes) {
                if (!this.#members.has(member)) continue
                counters.skipped++
                this.#members.set(member, missed + 1)
                continue
            }
            if (missed) this.#tellMissed(member, missed)
            if (member.protocol === PRESENCE)
                share(member, (told ??= new SharedFrame(marked(message))))
            else share(member, plain)
            counters.deliveries++
        }
    }

    #tellMissed(member: Member, messages: number): void {
        this.#members.set(member, 0)
        if (member.protocol === PRESENCE)
            member.send(presence({ event: "skipped", messages }))
    }

    /** Whether too much waits for a member, which may then be dropped. */
    #isSlow(member: Member): boolean {
        if (member.buffered <= UNREAD) return false
        const { slow, counters, leave } = this.#options
        if (slow === "skip") return true
        counters.dropped++
        member.close(1013, "too slow for the room")
        leave(member)
        return true
    }
}

const share = (member: Member, frame: SharedFrame) =>
    member.send(frame.message, frame)
