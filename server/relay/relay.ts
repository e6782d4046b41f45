import { randomUUID } from "node:crypto"
import {
    SERVER_TIMEOUT,
    STATE_INTERVAL,
    type Bus,
    type FleetingTopic,
} from "../bus/bus.ts"
import type { ServerEvent } from "../bus/room-event.ts"
import type { Message } from "../websocket/message.ts"
import { RelayCounters } from "./counters.ts"
import { Room, type Member, type SlowMembers } from "./room.ts"

/** How much a relay bears. */
export interface RelayOptions {
    /** Rooms that are open at this server */
    maxRooms: number
    /** Members of one room, on all servers */
    maxMembers: number
    slow: SlowMembers
}

/** Milliseconds after which a silent server is forgotten, and with it what it has told last. */
const FORGET = 60 * 60 * 1000

const topicOf = (name: string): FleetingTopic => `room ${name}`

/**
 * Rooms: each message of a member goes to all others, here and, over the bus, at the other servers. A room is there while
 * it has members here; a server without rooms costs nothing.
 */
export class Relay {
    readonly counters = new RelayCounters()
    readonly #id = randomUUID()
    readonly #bus: Bus
    readonly #options: RelayOptions
    readonly #rooms = new Map<string, Room>()
    /** Where each member is */
    readonly #places = new Map<Member, string>()
    /** When each other server was last heard of */
    readonly #servers = new Map<string, number>()
    #openings = 0
    #timer?: NodeJS.Timeout

    constructor(bus: Bus, options: RelayOptions) {
        this.#bus = bus
        this.#options = options
    }

    get rooms(): number {
        return this.#rooms.size
    }

    get members(): number {
        return this.#places.size
    }

    /** Why a room takes nobody more, if it does not. */
    refusalOf(name: string): string | undefined {
        const { maxRooms, maxMembers } = this.#options
        const room = this.#rooms.get(name)
        if (room && room.size >= maxMembers)
            return `The room has ${maxMembers} members, it takes no more`
        if (!room && this.#rooms.size >= maxRooms)
            return `There are ${maxRooms} rooms, no more are opened`
        return undefined
    }

    join(member: Member, name: string): void {
        const room = this.#rooms.get(name) ?? this.#open(name)
        this.#places.set(member, name)
        room.join(member)
    }

    message(from: Member, message: Message): void {
        this.#roomOf(from)?.send(from, message)
    }

    /** A member has gone, or was dropped before. */
    leave(member: Member): void {
        const name = this.#places.get(member)
        const room = this.#roomOf(member)
        if (name === undefined || !room) return
        this.#places.delete(member)
        room.leave(member)
        if (!room.isEmpty) return
        this.#rooms.delete(name)
        this.#bus.unsubscribe(topicOf(name))
    }

    /** Tells the other servers that this one has gone. */
    close(): void {
        if (!this.#timer) return
        clearInterval(this.#timer)
        this.#bus.publish("rooms", { kind: "gone", server: this.#id })
        this.#bus.unsubscribe("rooms")
    }

    #roomOf(member: Member): Room | undefined {
        const name = this.#places.get(member)
        return name === undefined ? undefined : this.#rooms.get(name)
    }

    #open(name: string): Room {
        if (!this.#timer) this.#start()
        const topic = topicOf(name)
        const room = new Room({
            server: this.#id,
            opening: ++this.#openings,
            slow: this.#options.slow,
            counters: this.counters,
            publish: event => this.#bus.publish(topic, event),
            leave: member => this.leave(member),
        })
        this.#rooms.set(name, room)
        void this.#bus.subscribe(topic, event => {
            // only rooms have such topics
            if (!("number" in event)) return
            this.#servers.set(event.server, Date.now())
            room.receive(event)
        })
        return room
    }

    #start(): void {
        void this.#bus.subscribe("rooms", event => this.#hear(event))
        this.#bus.onReturn(() => {
            for (const room of this.#rooms.values()) room.announce(true)
        })
        this.#timer = setInterval(() => this.#beat(), STATE_INTERVAL)
        this.#beat()
    }

    #hear({ kind, server }: ServerEvent): void {
        if (kind === "alive") return void this.#servers.set(server, Date.now())
        this.#servers.delete(server)
        for (const room of this.#rooms.values()) room.gone(server)
    }

    #beat(): void {
        this.#bus.publish("rooms", { kind: "alive", server: this.#id })
        const now = Date.now()
        for (const [server, seen] of this.#servers) {
            if (now - seen > FORGET) this.#hear({ kind: "gone", server })
            else if (now - seen > SERVER_TIMEOUT)
                for (const room of this.#rooms.values()) room.silent(server)
        }
    }
}
