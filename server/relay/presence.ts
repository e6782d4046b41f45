import type { Refusal } from "../bus/bus.ts"
import type { Message } from "../websocket/message.ts"

/**
 * The subprotocol of a member that wants to know who is there. Its texts begin with `=` when they are a message of the
 * room, with `!` when they tell of the room, in JSON; binary messages are always the room's.
 */
export const PRESENCE = "presence"

/** What is told of a room. */
export type PresenceEvent =
    /** To a member that has come: how many there are, itself included */
    | { event: "here"; members: number }
    | { event: "joined" | "left"; members: number }
    /** Messages of another server that did not arrive */
    | { event: "lost"; messages: number }
    /** Messages that were left out because this member is too slow, or has no binary messages */
    | { event: "skipped"; messages: number }
    /** A message that did not leave for the other servers */
    | { event: "not carried"; reason: Refusal }

export const presence = (event: PresenceEvent): Message => ({
    type: "text",
    data: "!" + JSON.stringify(event),
})

/** A message of the room, as who is told of presence gets it. */
export const marked = (message: Message): Message =>
    message.type === "text" ? { ...message, data: "=" + message.data } : message
