/** What a case consists of: what the server sends, and what it expects from the client, in order. */
import { createHash } from "node:crypto"
import { isUtf8 } from "node:buffer"
import type {
    EchoOptions,
    EchoResult,
} from "../../tools/simulator/echo-board.ts"
import { closeFrame, frame, TEXT } from "../wire/frames.ts"
import type { Answer } from "../wire/handshake.ts"
import type { ClientEvent } from "../wire/parser.ts"
import { sizeName } from "./payloads.ts"
import type { Peer } from "../wire/peer.ts"

export type Step =
    | { send: () => Iterable<Uint8Array> }
    | { expect: Expected }
    /** All of these; a pong may overtake echoes, but nothing else anything, RFC 6455, 5.5.2. */
    | { replies: Expected[] }
    /** Looks at the connection. @returns `label` when all is well, else what is wrong */
    | { check: { label: string; run(peer: Peer): string } }
    | { end: "FIN" | "RST" }

/** An event that the client has to cause. */
export interface Expected {
    /** For the report; like `describe` of the event. */
    label: string
    matches(event: ClientEvent): boolean
}

/** What the program has to see at the end. */
export type Sight = Partial<Omit<EchoResult, "error" | "url" | "ms">> & {
    error?: RegExp | null
}

export interface Script {
    steps: Step[]
    sight: Sight
}

export interface Case {
    name: string
    /** Of RFC 6455, where nothing else is said. */
    section: string
    /** Payload bytes in each direction; what is more than a link can carry in time is left out. */
    size?: number
    /** Options of the client. */
    options?: EchoOptions
    answer?: Answer
    /** Whether to watch the heap meanwhile, which takes time. */
    heap?: boolean
    script(): Script
}

/** A test that brings its own board and its own server. */
export interface Probe {
    name: string
    section: string
    /** @returns what was expected, what was seen instead or just the same, and figures for the report */
    run(): Promise<{ expected: string[]; seen: string[]; note?: string }>
}

/** One line about an event. */
export function describe(event: ClientEvent | undefined): string {
    if (!event) return "nothing"
    switch (event.type) {
        case "message":
            return `${event.isText ? "text" : "binary"} ${bytes(event.data)}`
        case "ping":
        case "pong":
            return `${event.type} ${bytes(event.data)}`
        case "close":
            return event.code === undefined
                ? "close without a code"
                : `close ${event.code}`
        case "violation":
            return `against the RFC: ${event.what}`
        case "request":
            return "handshake"
        case "end":
            return "TCP closed"
    }
}

function bytes(data: Buffer): string {
    const size = sizeName(data.length)
    if (!data.length) return size
    if (data.length > 24) {
        const digest = createHash("sha256").update(data).digest("hex")
        return `${size}, SHA-256 ${digest.slice(0, 12)}…`
    }
    const text = isUtf8(data) && JSON.stringify(data.toString())
    return `${size} ${text || data.toString("hex")}`
}

export function send(...frames: Uint8Array[]): Step {
    return { send: () => frames }
}

/** The client sends exactly this. */
export function expect(event: ClientEvent): { expect: Expected } {
    const label = describe(event)
    return { expect: { label, matches: seen => same(seen, event) } }
}

function same(seen: ClientEvent, event: ClientEvent): boolean {
    if (seen.type === "message" && event.type === "message")
        return seen.isText === event.isText && seen.data.equals(event.data)
    if (
        (seen.type === "ping" || seen.type === "pong") &&
        event.type === seen.type
    )
        return seen.data.equals(event.data)
    if (seen.type === "close" && event.type === "close")
        return seen.code === event.code
    return seen.type === event.type
}

/** The echo of a message. */
export function echoOf(
    opcode: number,
    payload: string | Uint8Array
): { expect: Expected } {
    const data = Buffer.from(payload)
    return expect({ type: "message", isText: opcode === TEXT, data })
}

/** @param steps made by `echoOf` and `pong` */
export function replies(...steps: { expect: Expected }[]): Step {
    return { replies: steps.map(step => step.expect) }
}

export function pong(payload: string | Uint8Array = ""): {
    expect: Expected
} {
    return expect({ type: "pong", data: Buffer.from(payload) })
}

/** A message of one frame, and its echo. */
export function roundTrip(
    opcode: number,
    payload: string | Uint8Array
): Step[] {
    return [send(frame(opcode, payload)), echoOf(opcode, payload)]
}

/**
 * After the steps the server closes, RFC 6455, 7.1.2: the client answers with the same code, the server hangs up.
 * @param code undefined: an empty Close frame
 */
export function closesWith(
    steps: Step[],
    code: number | undefined,
    reason = ""
): Script {
    return {
        steps: [
            ...steps,
            send(closeFrame(code, reason)),
            expect({ type: "close", code, reason: "" }),
            { end: "FIN" },
            expect({ type: "end" }),
        ],
        sight: {
            code: code ?? 1005,
            // the VM's strings cannot hold U+FFFE and U+FFFF
            reason: reason.replace(/[\ufffe\uffff]/g, "\ufffd"),
            wasClean: true,
            error: null,
        },
    }
}

/** After the steps the server closes normally. */
export function closes(steps: Step[]): Script {
    return closesWith(steps, 1000)
}

/** After the steps the client fails the connection, RFC 6455, 7.1.7. */
export function fails(steps: Step[], code = 1002): Script {
    return {
        steps: [
            ...steps,
            expect({ type: "close", code, reason: "" }),
            { end: "FIN" },
            expect({ type: "end" }),
        ],
        sight: { code, wasClean: false, error: /^ProtocolError: / },
    }
}
