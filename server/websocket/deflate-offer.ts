/** What client and server agreed on about permessage-deflate (RFC 7692 section 7.1). */
export interface DeflateAgreement {
    /** The window of the server, as a power of two; each of its messages begins with an empty one */
    serverWindowBits: number
    /** Whether the client's messages refer to those before them */
    clientKeepsContext: boolean
    /** The value of Sec-WebSocket-Extensions in the answer */
    answer: string
}

/** The window that clients are held to: what is kept of each connection's messages is no more than that. */
export const CLIENT_WINDOW_BITS = 11

const MOST_WINDOW_BITS = 15

const NAME = "permessage-deflate"

/**
 * Takes the first offer that can be met. The server never keeps its context; a client keeps its own if it lets the
 * server say how long that may be.
 * @param field Sec-WebSocket-Extensions of a request
 * @returns `undefined` when none can be met, or the field is malformed: the connection goes without
 */
export function agreeOnDeflate(
    field: string | undefined
): DeflateAgreement | undefined {
    for (const { name, parameters } of offersOf(field ?? "")) {
        const agreement = name === NAME && agreementOn(parameters)
        if (agreement) return agreement
    }
    return undefined
}

function agreementOn(parameters: Parameter[]): DeflateAgreement | undefined {
    const asked = new Map(parameters)
    if (asked.size < parameters.length) return undefined
    if (!parameters.every(isValid)) return undefined
    const serverBits = asked.get("server_max_window_bits")
    const serverWindowBits = Number(serverBits ?? MOST_WINDOW_BITS)
    const boundsClient = asked.has("client_max_window_bits")
    const clientKeepsContext =
        boundsClient && !asked.has("client_no_context_takeover")
    const clientBits = Math.min(
        CLIENT_WINDOW_BITS,
        Number(asked.get("client_max_window_bits") ?? MOST_WINDOW_BITS)
    )
    const answer = [
        NAME,
        "server_no_context_takeover",
        ...(clientKeepsContext ? [] : ["client_no_context_takeover"]),
        ...(serverBits ? [`server_max_window_bits=${serverBits}`] : []),
        ...(boundsClient ? [`client_max_window_bits=${clientBits}`] : []),
    ].join("; ")
    return { serverWindowBits, clientKeepsContext, answer }
}

const WINDOW_BITS = /^(?:[89]|1[0-5])$/

function isValid([name, value]: Parameter): boolean {
    switch (name) {
        case "server_no_context_takeover":
        case "client_no_context_takeover":
            return value === undefined
        case "server_max_window_bits":
            return value !== undefined && WINDOW_BITS.test(value)
        case "client_max_window_bits":
            return value === undefined || WINDOW_BITS.test(value)
        default:
            return false
    }
}

type Parameter = [name: string, value: string | undefined]

interface Offer {
    name: string
    parameters: Parameter[]
}

const TOKEN = "([!#$%&'*+.^_`|~\\w-]+)[ \\t]*"
const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"[ \\t]*'
/** An element's name; empty elements of the list before it do not count. */
const LEAD = new RegExp(`[ \\t,]*${TOKEN}`, "y")
const PARAMETER = new RegExp(
    `;[ \\t]*${TOKEN}(?:=[ \\t]*(?:${TOKEN}|${QUOTED}))?`,
    "y"
)
const END = /,|$/y

/** The list of RFC 6455 section 9.1, in one pass; empty when it is malformed. */
function offersOf(field: string): Offer[] {
    let at = 0
    const next = (pattern: RegExp) => {
        pattern.lastIndex = at
        const found = pattern.exec(field)
        if (found) at = pattern.lastIndex
        return found
    }
    const offers: Offer[] = []
    for (let lead = next(LEAD); lead; lead = next(LEAD)) {
        const parameters: Parameter[] = []
        for (let found = next(PARAMETER); found; found = next(PARAMETER)) {
            const [, name, token, quoted] = found
            parameters.push([name, token ?? quoted?.replace(/\\(.)/g, "$1")])
        }
        if (!next(END)) return []
        offers.push({ name: lead[1], parameters })
    }
    return /^[ \t,]*$/.test(field.slice(at)) ? offers : []
}
