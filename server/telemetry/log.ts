import { pino } from "pino"
import type { CloseEvent, ServerEvent } from "./events.ts"
import type { Message } from "../websocket/message.ts"

/** How much an event matters, the least first. */
export const LEVELS = ["debug", "info", "warn"] as const

export type Level = (typeof LEVELS)[number]

/** The level of each kind of event. */
const LEVEL_OF: Record<ServerEvent["event"], Level> = {
    message: "debug",
    reply: "debug",
    connection: "info",
    close: "info",
    pause: "info",
    resume: "info",
    certificate: "info",
    keys: "info",
    source: "info",
    gone: "info",
    line: "warn",
    refused: "warn",
    failure: "warn",
}

/** The names of the events that are logged at `level`. */
export function loggedAt(level: Level): ServerEvent["event"][] {
    const least = LEVELS.indexOf(level)
    const names = Object.keys(LEVEL_OF) as ServerEvent["event"][]
    return names.filter(name => LEVELS.indexOf(LEVEL_OF[name]) >= least)
}

/** Code points of a text, or bytes of a binary message, that a log line shows. */
const SHOWN = 128

/** Characters of what else a peer writes (its Origin, the Host that it asks for) that a log line shows. */
const LONGEST = 512

/** The version that goes without saying. */
const STANDARD = "RFC 6455"

/**
 * What could forge a line or steer a terminal: controls, line and paragraph separators, and the marks and overrides
 * of writing direction (Unicode Standard Annex 9).
 */
const UNSAFE =
    /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** JSON in which every unsafe character is escaped. */
export function quote(value: unknown): string {
    return safe(JSON.stringify(value))
}

function safe(json: string): string {
    return json.replace(
        UNSAFE,
        char => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0")
    )
}

/** An event as a line for people. */
export function textLine(event: ServerEvent): string {
    const peer = event.peer && event.peer + " "
    return `${event.time} ${peer}${event.event}${details(bounded(event))}`
}

let written = ""

/** Without process and host, which whoever collects the log knows; the time is the event's own. */
const logger = pino(
    {
        base: null,
        level: LEVELS[0],
        timestamp: false,
        formatters: { level: level => ({ level }) },
    },
    { write: line => (written = line.trimEnd()) }
)

/**
 * An event as a line of JSON, with its level; of a message `length` is bytes on the wire, `data` is text or hex,
 * `shortened` tells that some is left out.
 */
export function jsonLine(event: ServerEvent): string {
    logger[LEVEL_OF[event.event]](fieldsOf(event))
    return safe(written)
}

function fieldsOf(event: ServerEvent): object {
    if (!isMessage(event)) return bounded(event)
    const length = Buffer.byteLength(event.data)
    const { shown, shortened } = preview(event)
    return {
        ...event,
        length,
        data: shown,
        ...(shortened && { shortened }),
    }
}

type MessageEvent = Extract<ServerEvent, { event: "message" | "reply" }>

const isMessage = (event: ServerEvent): event is MessageEvent =>
    event.event === "message" || event.event === "reply"

/** An event whose texts are cut; a message's data has a limit of its own. */
function bounded(event: ServerEvent): ServerEvent {
    if (isMessage(event)) return event
    const cut = (value: unknown) =>
        typeof value === "string" && value.length > LONGEST
            ? `${value.slice(0, LONGEST)}…`
            : value
    const fields = Object.entries(event).map(([key, value]) => [
        key,
        cut(value),
    ])
    return Object.fromEntries(fields) as ServerEvent
}

function details(event: ServerEvent): string {
    switch (event.event) {
        case "connection":
            return ` ${quote(event.path)}${named("origin", event.origin)}${named("subprotocol", event.protocol)}${event.version === STANDARD ? "" : ` ${event.version}`}`
        case "message":
        case "reply":
            return ` ${event.type} ${summary(event)}`
        case "close":
            return ` ${event.code}${event.reason && " " + quote(event.reason)}${sent(event)}`
        case "refused":
            return ` ${event.status} ${quote(event.reason)}`
        case "failure":
        case "line":
            return ` ${quote(event.reason)}`
        case "source":
        case "gone":
            return ` ${quote(event.name)}`
        case "certificate":
            return event.problem
                ? ` reload failed, keeping the old one: ${quote(event.problem)}`
                : " reloaded"
        case "keys":
            return event.problem
                ? ` reload failed, keeping the old ones: ${quote(event.problem)}`
                : " reloaded"
        case "pause":
        case "resume":
            return `: ${event.buffered} bytes of replies are unread`
    }
}

function named(name: string, value: string | undefined): string {
    return value === undefined ? "" : ` ${name} ${quote(value)}`
}

function sent({ code, sent }: CloseEvent): string {
    return sent === undefined || sent === code ? "" : `, sent ${sent}`
}

function summary(message: Message): string {
    const { shown, shortened } = preview(message)
    const text = message.type === "text" ? quote(shown) : shown
    return shortened
        ? `${text}… (${Buffer.byteLength(message.data)} bytes)`
        : text
}

function preview({ type, data }: Message): {
    shown: string
    shortened: boolean
} {
    if (type === "binary")
        return {
            shown: data.toString("hex", 0, SHOWN),
            shortened: data.length > SHOWN,
        }
    if (data.length <= SHOWN) return { shown: data, shortened: false }
    // a code point is at most two units: this is enough, and the slice of a long text is short
    const shown = [...data.slice(0, 2 * SHOWN)].slice(0, SHOWN).join("")
    return { shown, shortened: shown.length < data.length }
}
