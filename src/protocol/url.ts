const HASH = 0x23
const PERCENT = 0x25
const SLASH = 0x2f
const QUESTION = 0x3f

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
    /** `user:password` as it stands in the URL, percent-encoded; `basic()` takes it out. Undefined when there is none. */
    userinfo?: string
}

/**
 * Parses `ws://[user:password@]host[:port][/path][?query]`, or `wss://…`; all in ASCII, without spaces and without a fragment.
 * @throws TypeError
 */
export function parseUrl(url: string): Url {
    const scheme = url.slice(0, 6).toLowerCase()
    let begin = 0
    if (scheme.indexOf("ws://") === 0) begin = 5
    if (scheme === "wss://") begin = 6
    let isRight = begin > 0
    let end = url.length
    for (let i = end - 1; i >= begin; --i) {
        const c = url.charCodeAt(i)
        if (c <= 0x20) isRight = false
        if (c >= 0x7f) isRight = false
        if (c === HASH) isRight = false
        if (c === SLASH) end = i
        if (c === QUESTION) end = i
    }

    // behind the last @
    let hostAt = url.indexOf("@", 0, -end) + 1
    let userinfo: string
    if (hostAt) userinfo = url.slice(begin, hostAt - 1)
    else hostAt = begin
    let hostEnd = url.indexOf(":", hostAt, end)
    if (hostEnd < 0) hostEnd = end
    let host = url.slice(hostAt, hostEnd)
    if (host[0] === "[") {
        hostEnd = url.indexOf("]", hostAt, end) + 1
        host = url.slice(hostAt + 1, hostEnd - 1)
    }
    if (!host) isRight = false

    let authority = url.slice(hostAt, hostEnd)
    const secure = begin === 6
    const standard = secure ? 443 : 80
    let port = standard
    const rest = url.slice(hostEnd, end)
    if (rest.length > 1) {
        port = parseInt(rest.slice(1))
        const text = ":" + port
        if (text !== rest) isRight = false
        if (port < 1) isRight = false
        if (port > 0xffff) isRight = false
        if (port !== standard) authority += text
    } else if (rest) if (rest !== ":") isRight = false
    if (!isRight)
        throw new TypeError(`URL "${url}": expected ws://host[:port][/path]`)

    let target = url.slice(end)
    if (target[0] !== "/") target = "/" + target
    return { secure, host, port, authority, target, userinfo }
}

/** The URL that `parseUrl` makes of it. */
export function formatUrl(url: Url): string {
    const { secure, userinfo, authority, target } = url
    const user = userinfo === undefined ? "" : `${userinfo}@`
    return `${secure ? "wss" : "ws"}://${user}${authority}${target}`
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

/** @returns the bytes that a percent-encoded text stands for @throws TypeError */
export function percentDecode(text: string): Buffer {
    const bytes = Buffer.alloc(text.length)
    let length = 0
    for (let i = 0; i < text.length; ++i) {
        let byte = text.charCodeAt(i)
        if (byte === PERCENT) {
            byte = hexDigit(text, i + 1) * 16 + hexDigit(text, i + 2)
            i += 2
        }
        bytes[length++] = byte
    }
    return bytes.slice(0, length)
}

function hexDigit(text: string, at: number): number {
    const digit = "0123456789abcdef".indexOf((text[at] || "-").toLowerCase())
    if (digit < 0) throw new TypeError(`bad percent-encoding in "${text}"`)
    return digit
}
