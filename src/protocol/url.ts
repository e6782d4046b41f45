/** The parts of a WebSocket URL that a handshake needs (RFC 6455, 3). */
export interface Url {
    secure: boolean
    /** Host name, IPv4 address, or IPv6 address without brackets. */
    host: string
    port: number
    /** `Host` header: brackets kept, the port only when it is not the scheme's own. */
    authority: string
    /** Path and query, at least `/`. */
    target: string
    /** `user:password` in UTF-8; undefined when there is none. */
    credentials: Buffer
}

/**
 * Parses `ws://[user:password@]host[:port][/path][?query]`, or `wss://…`.
 * @throws TypeError that names the URL and what is wrong with it
 */
export function parseUrl(url: string): Url {
    const reject = (why: string) => new TypeError(`URL "${url}": ${why}`)
    for (let i = 0; i < url.length; ++i) {
        const c = url.charCodeAt(i)
        if (c <= 0x20 || c >= 0x7f)
            throw reject("space, control and non-ASCII need percent-encoding")
    }
    const colon = url.indexOf("://")
    const scheme = colon < 0 ? "" : url.slice(0, colon).toLowerCase()
    if (scheme !== "ws" && scheme !== "wss")
        throw reject("expected ws:// or wss://")
    if (url.indexOf("#") >= 0) throw reject("a fragment is not allowed")
    const secure = scheme === "wss"

    const rest = url.slice(colon + 3)
    const end = firstOf(rest, "/", "?")
    const target = rest.slice(end)
    let authority = rest.slice(0, end)
    let credentials: Buffer
    const at = authority.lastIndexOf("@")
    if (at >= 0) {
        credentials = percentDecode(authority.slice(0, at))
        if (credentials === undefined) throw reject("bad percent-encoding")
        authority = authority.slice(at + 1)
    }

    const close = authority.indexOf("]")
    const bracketed = authority[0] === "["
    if (bracketed ? close < 0 : close >= 0) throw reject("bad brackets")
    const portAt = authority.indexOf(":", bracketed ? close : 0)
    const name = portAt < 0 ? authority : authority.slice(0, portAt)
    const host = bracketed ? name.slice(1, close) : name
    if (!host || (bracketed && name.length !== close + 1))
        throw reject("expected a host")

    const standard = secure ? 443 : 80
    let port = standard
    const digits = portAt < 0 ? "" : authority.slice(portAt + 1)
    if (digits) {
        port = parsePort(digits)
        if (!port) throw reject("expected a port from 1 to 65535")
    }
    return {
        secure,
        host,
        port,
        authority: port === standard ? name : `${name}:${port}`,
        target: target[0] === "/" ? target : "/" + target,
        credentials,
    }
}

/**
 * The URL that a redirect leads to.
 * @param base where the redirect came from
 * @param location `Location` header: any URI reference (RFC 3986, 4.1); http and https stand for ws and wss
 */
export function resolveUrl(base: Url, location: string): string {
    const fragment = location.indexOf("#")
    if (fragment >= 0) location = location.slice(0, fragment)
    const scheme = base.secure ? "wss:" : "ws:"
    if (location.slice(0, 2) === "//") return scheme + location
    const end = firstOf(location, "/", "?")
    if (end && location.slice(end - 1, end + 2) === "://")
        return location.slice(0, 4).toLowerCase() === "http"
            ? "ws" + location.slice(4)
            : location
    const basePath = base.target.slice(0, firstOf(base.target, "?", "?"))
    let path = location.slice(0, firstOf(location, "?", "?"))
    const query = location.slice(path.length)
    if (!path) path = basePath
    else if (path[0] !== "/")
        path = basePath.slice(0, basePath.lastIndexOf("/") + 1) + path
    return `${scheme}//${base.authority}${withoutDots(path)}${query}`
}

/** Resolves the segments `.` and `..` of a path from the root, RFC 3986, 5.2.4. */
function withoutDots(path: string): string {
    let kept = ""
    while (path) {
        const slash = path.indexOf("/", 1)
        const end = slash < 0 ? path.length : slash
        const segment = path.slice(0, end)
        path = path.slice(end)
        if (segment !== "/." && segment !== "/..") kept += segment
        else {
            if (segment === "/..")
                kept = kept.slice(0, Math.max(0, kept.lastIndexOf("/")))
            // A dot at the end stands for a directory.
            if (!path) kept += "/"
        }
    }
    return kept
}

function firstOf(text: string, a: string, b: string): number {
    const i = text.indexOf(a)
    const j = text.indexOf(b)
    if (i < 0) return j < 0 ? text.length : j
    return j < 0 ? i : Math.min(i, j)
}

/** @returns 0 when it is no port */
function parsePort(text: string): number {
    let port = 0
    for (let i = 0; i < text.length; ++i) {
        const digit = text.charCodeAt(i) - 0x30
        if (digit < 0 || digit > 9) return 0
        port = port * 10 + digit
        if (port > 65535) return 0
    }
    return port
}

/** @returns undefined when a `%` is not followed by two hexadecimal digits */
function percentDecode(text: string): Buffer {
    const bytes = Buffer.alloc(text.length)
    let length = 0
    for (let i = 0; i < text.length; ++i) {
        if (text[i] === "%") {
            const byte = hexDigit(text, i + 1) * 16 + hexDigit(text, i + 2)
            if (isNaN(byte)) return undefined
            bytes[length++] = byte
            i += 2
        } else bytes[length++] = text.charCodeAt(i)
    }
    return bytes.slice(0, length)
}

function hexDigit(text: string, at: number): number {
    const digit = "0123456789abcdef".indexOf((text[at] || "-").toLowerCase())
    return digit < 0 ? NaN : digit
}
