import { readFileSync } from "node:fs"
import { InvalidArgumentError } from "commander"
import { BUS_URL, connectionOptions } from "../bus/nats-url.ts"
import type { Token } from "../access/token.ts"
import { roomOf } from "../relay/room-name.ts"
import { proxies } from "../access/client-address.ts"

/** A day in seconds: the longest interval. */
const DAY = 24 * 60 * 60

/** A subprotocol or header token, RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Makes a value of an argument; throws InvalidArgumentError with what is allowed. */
type Parser<T> = (text: string) => T

/** A whole number within bounds. */
export function whole(least: number, most: number): Parser<number> {
    return text => {
        const value = Number(text)
        if (/^\d+$/.test(text) && value >= least && value <= most) return value
        throw new InvalidArgumentError(
            `Expected a whole number from ${least} to ${most}.`
        )
    }
}

/** Seconds from `least` to a day, to the millisecond. */
export function seconds(least: number): Parser<number> {
    return text => {
        const value = Math.round(Number(text) * 1000) / 1000
        if (/^\d+(\.\d+)?$/.test(text) && value >= least && value <= DAY)
            return value
        throw new InvalidArgumentError(
            `Expected seconds from ${least} to ${DAY}, which may have decimals.`
        )
    }
}

/** A host. */
export const notEmpty: Parser<string> = text => {
    if (text) return text
    throw new InvalidArgumentError("Expected an IP address or a host name.")
}

/** A host name as it stands in a URL, without port. */
export const hostName: Parser<string> = text => {
    if (/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text)) return text
    throw new InvalidArgumentError(
        "Expected a host name such as example.com, without scheme and port."
    )
}

/** A path of a URL. */
export const path: Parser<string> = text => {
    if (/^\/[^\s?#]*$/.test(text) && /^[!-~]+$/.test(text)) return text
    throw new InvalidArgumentError(
        "Expected a path such as /ws: it starts with a slash, is printable ASCII, and has neither query nor fragment."
    )
}

/** An origin, RFC 6454 section 6.2; "null" is what a page without one sends. */
export const origin: Parser<string> = text => {
    if (text === "null" || /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/i.test(text))
        return text
    throw new InvalidArgumentError(
        "Expected scheme://host or scheme://host:port without a path, or null."
    )
}

/** The name of a subprotocol. */
export const token: Parser<string> = text => {
    if (TOKEN.test(text)) return text
    throw new InvalidArgumentError(
        "Expected letters, digits and !#$%&'*+-.^_`|~ without spaces."
    )
}

export const busUrl: Parser<string> = text => {
    try {
        connectionOptions(text)
        return text
    } catch {
        throw new InvalidArgumentError(`Expected ${BUS_URL}.`)
    }
}

/** Collects the values of an option that may be repeated. */
export function each(
    parse: Parser<string>
): (text: string, before?: string[]) => string[] {
    return (text, before = []) => [...before, parse(text)]
}

/** An address or a CIDR range. */
export const range: Parser<string> = text => {
    try {
        proxies([text])
        return text
    } catch {
        throw new InvalidArgumentError(
            "Expected an address or a range such as 10.0.0.0/8."
        )
    }
}

/**
 * A file with a token on each line, behind it the rooms that it opens, if not all: what stands in a file is in no list of
 * processes.
 */
export const tokenFile: Parser<Token[]> = file => {
    let text: string
    try {
        text = readFileSync(file, "utf8")
    } catch (error) {
        throw new InvalidArgumentError((error as Error).message)
    }
    const lines = text
        .split(/\r?\n/)
        .map(line => line.trim().split(/[ \t]+/))
        .filter(([token]) => token)
    const tokens = lines.map(([token, ...names]): Token | undefined => {
        if (!/^[!-~]{16,}$/.test(token)) return undefined
        if (names.length === 0) return token
        const rooms = names.map(name => roomOf(name, ""))
        return rooms.every(room => room !== undefined)
            ? { token, rooms }
            : undefined
    })
    if (tokens.length && tokens.every(token => token !== undefined))
        return tokens
    throw new InvalidArgumentError(
        "Expected a file with one token a line, each of 16 or more printable ASCII characters without spaces, and behind it the rooms that it opens, if not all, as they stand in a URL."
    )
}
