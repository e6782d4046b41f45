import type { Message } from "../websocket/message.ts"

interface Happening<Name extends string> {
    event: Name
    /** ISO 8601, UTC */
    time: string
    /** Address and port of the other side: `127.0.0.1:50123`, `[::1]:50123` */
    peer: string
}

/** A WebSocket connection is open. */
export interface ConnectionEvent extends Happening<"connection"> {
    path: string
    origin?: string
    /** The subprotocol agreed on */
    protocol?: string
    /** `RFC 6455`, `hixie-76` or `hixie-75` */
    version: string
}

/** A complete message came in. */
export type MessageEvent = Happening<"message"> & Message

/** A reply was handed to the socket. */
export type ReplyEvent = Happening<"reply"> & Message

/** A connection ended. */
export interface CloseEvent extends Happening<"close"> {
    /** The code that the peer sent; 1005: its Close frame had none, 1006: it sent no Close frame (RFC 6455 section 7.1.5) */
    code: number
    reason: string
    /** The code that the server sent, if it sent one */
    sent?: number
}

/** A connection was failed by the server, or broke; its `close` follows. */
export interface FailureEvent extends Happening<"failure"> {
    reason: string
}

/** A request did not become a WebSocket. */
export interface RefusedEvent extends Happening<"refused"> {
    /** HTTP status of the answer; 0: the bytes were no TLS, and there was none */
    status: number
    reason: string
}

/** The server stopped reading from a client that does not read its replies. */
export interface PauseEvent extends Happening<"pause"> {
    /** Bytes of replies that wait for the client */
    buffered: number
}

/** The server reads from the client again. */
export interface ResumeEvent extends Happening<"resume"> {
    /** Bytes of replies that wait for the client */
    buffered: number
}

/** The certificate was loaded again. `peer` is empty. */
export interface CertificateEvent extends Happening<"certificate"> {
    /** Why it could not be, and the old one stays in use */
    problem?: string
}

/** The pre-shared keys were loaded again. `peer` is empty. */
export interface KeysEvent extends Happening<"keys"> {
    /** Why they could not be, and the old ones stay in use */
    problem?: string
}

/** A data source has told its name, in plotter mode. */
export interface SourceEvent extends Happening<"source"> {
    name: string
}

/** A line of a data source was refused. */
export interface LineEvent extends Happening<"line"> {
    /** Why, with the number of the line */
    reason: string
}

/** A data source that had told its name is not connected any more. */
export interface GoneEvent extends Happening<"gone"> {
    name: string
}

/** Everything that the server tells of what it sees. */
export type ServerEvent =
    | ConnectionEvent
    | MessageEvent
    | ReplyEvent
    | CloseEvent
    | FailureEvent
    | RefusedEvent
    | PauseEvent
    | ResumeEvent
    | SourceEvent
    | LineEvent
    | GoneEvent
    | CertificateEvent
    | KeysEvent

/** The names of all events. */
const EVENT_NAMES = [
    "connection",
    "message",
    "reply",
    "close",
    "failure",
    "refused",
    "pause",
    "resume",
    "certificate",
    "keys",
    "source",
    "line",
    "gone",
] as const satisfies ServerEvent["event"][]

/** Who is told what, by the name of the event. */
export type Observers = {
    [Name in ServerEvent["event"]]?: (
        event: Extract<ServerEvent, { event: Name }>
    ) => void
}

/** One observer for the events of some names. Default: of all */
export function observe(
    observer: (event: ServerEvent) => void,
    names: readonly ServerEvent["event"][] = EVENT_NAMES
): Observers {
    return Object.fromEntries(names.map(name => [name, observer]))
}

type Unstamped<Event> = Event extends ServerEvent
    ? Omit<Event, "time" | "peer">
    : never

/** An event before time and peer are put on it. */
export type EventBody = Unstamped<ServerEvent>
