/** What a server tells the others that have members in the same room. */
export type RoomEvent = RoomMessage | RoomMembers

interface FromServer {
    /** Who tells: a name that no two running servers share */
    server: string
    /** Which of its openings of the room: the numbers begin anew with each */
    opening: number
    /** Messages that the server has had for the room since it opened it, this one included, carried or not */
    number: number
}

/** A message for all members. */
export interface RoomMessage extends FromServer {
    kind: "message"
    isText: boolean
    data: Buffer
}

/** How many members the room has at a server; none: the server has closed it. */
export interface RoomMembers extends FromServer {
    kind: "members"
    members: number
    /** The others are to tell theirs */
    ask: boolean
}

/** A server that has rooms is there, which it tells every `STATE_INTERVAL`; or has ended in order. */
export interface ServerEvent {
    kind: "alive" | "gone"
    server: string
}
