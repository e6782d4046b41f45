import { ProtocolError } from "./codes"

/** The widest window, and what is meant where none is named. */
const MAX_WINDOW_BITS = 15
const MIN_WINDOW_BITS = 8

/** Parameters of permessage-deflate, RFC 7692, 7.1. */
export interface DeflateParameters {
    serverMaxWindowBits: number
    clientMaxWindowBits: number
    serverNoContextTakeover: boolean
    clientNoContextTakeover: boolean
}

const NAME = "permessage-deflate"
const SERVER_BITS = "server_max_window_bits"
const CLIENT_BITS = "client_max_window_bits"
const SERVER_ALONE = "server_no_context_takeover"
const CLIENT_ALONE = "client_no_context_takeover"

/** The header that offers the extension, with its line end. @throws RangeError for a size that no window has */
export function deflateOffer(wanted: DeflateParameters): string {
    const { serverMaxWindowBits, clientMaxWindowBits } = wanted
    for (const bits of [serverMaxWindowBits, clientMaxWindowBits])
        if (!windowBits(`${bits}`))
            throw new RangeError(`window of ${bits} bits: expected 8 to 15`)
    let line = `Sec-WebSocket-Extensions: ${NAME}`
    if (serverMaxWindowBits < MAX_WINDOW_BITS)
        line += `; ${SERVER_BITS}=${serverMaxWindowBits}`
    line += `; ${CLIENT_BITS}=${clientMaxWindowBits}`
    if (wanted.serverNoContextTakeover) line += `; ${SERVER_ALONE}`
    if (wanted.clientNoContextTakeover) line += `; ${CLIENT_ALONE}`
    return line + "\r\n"
}

/**
 * What the server agreed to.
 * @param text `Sec-WebSocket-Extensions` of its response
 * @returns its windows, as wide as 15 where it says nothing about its own
 * @throws ProtocolError for anything that RFC 7692, 7.1, does not let it answer
 */
export function agreedDeflate(
    text: string,
    wanted: DeflateParameters
): DeflateParameters {
    const agreed: DeflateParameters = {
        serverMaxWindowBits: MAX_WINDOW_BITS,
        clientMaxWindowBits: wanted.clientMaxWindowBits,
        serverNoContextTakeover: false,
        clientNoContextTakeover: wanted.clientNoContextTakeover,
    }
    let seen = ""
    let isRight = true
    for (text += ";"; text;) {
        const end = text.indexOf(";")
        const part = trimmed(text.slice(0, end))
        text = text.slice(end + 1)
        if (!seen) {
            isRight = part === NAME
            seen = ";"
            continue
        }
        const equals = part.indexOf("=")
        const name = equals < 0 ? part : trimmed(part.slice(0, equals))
        const bits = equals < 0 ? undefined : windowBits(part.slice(equals + 1))
        if (seen.indexOf(name) >= 0) isRight = false
        seen += name + ";"
        if (name === SERVER_BITS) {
            if (!(bits <= wanted.serverMaxWindowBits)) isRight = false
            agreed.serverMaxWindowBits = bits
        } else if (name === CLIENT_BITS) {
            if (!(bits <= wanted.clientMaxWindowBits)) isRight = false
            agreed.clientMaxWindowBits = bits
        } else if (equals >= 0) isRight = false
        else if (name === SERVER_ALONE) agreed.serverNoContextTakeover = true
        else if (name === CLIENT_ALONE) agreed.clientNoContextTakeover = true
        else isRight = false
    }
    if (wanted.serverNoContextTakeover && !agreed.serverNoContextTakeover)
        isRight = false
    if (!isRight) throw new ProtocolError("sec-websocket-extensions")
    return agreed
}

function trimmed(text: string): string {
    let from = 0
    let to = text.length
    while (from < to && text.charCodeAt(from) <= 0x20) from++
    while (to > from && text.charCodeAt(to - 1) <= 0x20) to--
    return text.slice(from, to)
}

/** 8 to 15, as a token or in quotes; NaN, which no number is less or equal to, for anything else. */
function windowBits(text: string): number {
    text = trimmed(text)
    for (let bits = MIN_WINDOW_BITS; bits <= MAX_WINDOW_BITS; ++bits)
        if (text === `${bits}` || text === `"${bits}"`) return bits
    return NaN
}
