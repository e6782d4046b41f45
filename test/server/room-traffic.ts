/** Clients in rooms that all send, and look whether what comes from each other is complete and in order. */
import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { within } from "../wire/wait.ts"
import { connect, type Client } from "./peers.ts"

const ROOMS = 30
export const MEMBERS = 10

/** Milliseconds between two messages of a member. */
const PAUSE = 300

/** Milliseconds of traffic in all: by default short, `RELAY_SECONDS` makes it longer. */
export const TIME = Number(process.env.RELAY_SECONDS ?? 9) * 1000

/** A member that sends `id number`. */
class Member {
    readonly client: Client
    readonly id: number
    readonly room: number
    sent = 0
    heard = 0
    missed = 0
    /** What one who is told of presence was told: messages that were lost, and members that there are */
    lostTold = 0
    members = 0
    /** The last number of each sender */
    readonly last = new Map<number, number>()

    constructor(client: Client, id: number, room: number) {
        this.client = client
        this.id = id
        this.room = room
        client.ws.on("message", data => this.#hear(data.toString()))
    }

    get isOpen(): boolean {
        return this.client.ws.readyState === this.client.ws.OPEN
    }

    say(): void {
        if (this.isOpen) this.client.ws.send(`${this.id} ${this.sent++}`)
    }

    #hear(text: string): void {
        if (text.startsWith("!")) {
            const { event, members, messages } = JSON.parse(text.slice(1))
            if (event === "lost") this.lostTold += messages
            this.members = members ?? this.members
            return
        }
        const [id, number] = text.replace("=", "").split(" ").map(Number)
        const expected = (this.last.get(id) ?? -1) + 1
        assert.ok(number >= expected, `${number} of ${id} after ${expected}`)
        this.heard++
        this.missed += number - expected
        this.last.set(id, number)
    }
}

/** 300 clients in 30 rooms. */
export class RoomTraffic {
    readonly rooms = ROOMS
    readonly members: Member[] = []

    /** @param urls of the servers, each of which has members in each room; the first there is told of presence */
    static async start(
        t: TestContext,
        urls: readonly string[]
    ): Promise<RoomTraffic> {
        const traffic = new RoomTraffic()
        for (let room = 0; room < ROOMS; ++room)
            for (let i = 0; i < MEMBERS; ++i) {
                const protocols = i < urls.length ? ["presence"] : []
                const url = `${urls[i % urls.length]}room*${room}`
                const client = await connect(t, url, { protocols })
                const id = traffic.members.length
                traffic.members.push(new Member(client, id, room))
            }
        return traffic
    }

    /** Those that are still connected. */
    get left(): Member[] {
        return this.members.filter(({ isOpen }) => isOpen)
    }

    /** Those of them that are told of presence. */
    get watchers(): Member[] {
        return this.left.filter(({ client }) => client.ws.protocol)
    }

    /** Messages that those who are still connected have missed. */
    get missed(): number {
        return this.left.reduce((sum, { missed }) => sum + missed, 0)
    }

    /** What came in all, for the report. */
    get summary(): string {
        const sum = (key: "sent" | "heard" | "missed" | "lostTold") =>
            this.members.reduce((sum, member) => sum + member[key], 0)
        return `${sum("sent")} messages sent, ${sum("heard")} deliveries, ${sum("missed")} missed, of which ${sum("lostTold")} were told to watchers`
    }

    /** All send for a while. */
    async run(ms: number): Promise<void> {
        for (const end = Date.now() + ms; Date.now() < end;) {
            for (const member of this.members) member.say()
            await sleep(PAUSE)
        }
    }

    /** Waits until the last message of each has come to all others in its room, of those that are still connected. */
    async arrived(): Promise<void> {
        const { left } = this
        const has = (member: Member, { id, room, sent }: Member) =>
            id === member.id ||
            room !== member.room ||
            (member.last.get(id) ?? -1) === sent - 1
        await until(
            () => left.every(one => left.every(other => has(one, other))),
            "the last messages to arrive"
        )
    }

    /** Waits until all watchers know how many members their room has. */
    async know(members: number): Promise<void> {
        await until(
            () => this.watchers.every(watcher => watcher.members === members),
            `watchers to know of ${members} members`
        )
    }
}

/** Waits until a condition holds. */
export async function until(done: () => unknown, what: string): Promise<void> {
    let isOver = false
    const poll = async () => {
        while (!isOver && !(await done())) await sleep(50)
    }
    await within(poll(), what).finally(() => (isOver = true))
}
