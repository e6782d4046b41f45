import type { FleetingEvent, FleetingTopic } from "./bus.ts"
import { nameOf } from "./names.ts"

/** The header with everything but the message itself, so that this stays as it is. */
export const HEADER = "Room-Event"

/** Bytes that the header takes at most, with what NATS puts around it. */
export const HEADER_BYTES = 256

const SUBJECT = "devicescript.relay"

/** The subject of a topic. A room's name goes into it as base64url: it may have dots, blanks and wildcards. */
export function subjectOf(topic: FleetingTopic): string {
    if (topic === "rooms") return `${SUBJECT}.servers`
    const name = Buffer.from(topic.slice("room ".length))
    return `${SUBJECT}.room.${name.toString("base64url")}`
}

/** How an event goes over NATS. */
export interface Encoded {
    /** `message <server> <opening> <number> text`, `members <server> <opening> <number> <members> ask`, `alive <server>` */
    header: string
    data: Buffer
}

const NOTHING = Buffer.alloc(0)

export function encode(event: FleetingEvent): Encoded {
    if (!("number" in event))
        return { header: `${event.kind} ${event.server}`, data: NOTHING }
    const { kind, server, opening, number } = event
    const start = `${kind} ${server} ${opening} ${number}`
    if (event.kind === "members")
        return {
            header: `${start} ${event.members} ${event.ask ? "ask" : "tell"}`,
            data: NOTHING,
        }
    const type = event.isText ? "text" : "binary"
    return { header: `${start} ${type}`, data: event.data }
}

/** `undefined`: it is no event. Others may publish, too. */
export function decode({ header, data }: Encoded): FleetingEvent | undefined {
    const [kind, name, ...rest] = header.split(" ")
    if (!name || nameOf(name) !== name) return undefined
    const server = name
    if (kind === "alive" || kind === "gone")
        return rest.length ? undefined : { kind, server }
    const [opening, number, ...last] = rest
    if (!isCount(opening) || !isCount(number)) return undefined
    const from = { server, opening: Number(opening), number: Number(number) }
    const [what, more] = last
    if (kind === "members" && isCount(what) && isOneOf(more, "ask", "tell"))
        return { kind, ...from, members: Number(what), ask: more === "ask" }
    if (kind === "message" && isOneOf(what, "text", "binary"))
        return { kind, ...from, isText: what === "text", data }
    return undefined
}

const isCount = (text?: string) => /^\d{1,15}$/.test(text ?? "")

const isOneOf = (text: string, ...names: string[]) => names.includes(text)
