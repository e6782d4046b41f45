import type { NodeConnectionOptions } from "@nats-io/transport-node"

/** What `--bus` has to look like, for an error message. */
export const BUS_URL =
    "nats://[user:password@]host[:port], or tls:// for an encrypted connection; several with commas between"

/** Milliseconds to connect, and between two looks whether a silent NATS server is still there. */
const CONNECT_TIMEOUT = 5000
const PING_INTERVAL = 10_000

/**
 * What the NATS client is to do for a `--bus`. It does not connect again by itself: the bus does.
 * @throws TypeError for anything else than `BUS_URL`
 */
export function connectionOptions(bus: string): NodeConnectionOptions {
    const urls = bus.split(",").map(urlOf)
    const [{ protocol, username, password }] = urls
    const decode = decodeURIComponent
    return {
        servers: urls.map(({ host }) => host),
        reconnect: false,
        timeout: CONNECT_TIMEOUT,
        pingInterval: PING_INTERVAL,
        ...(protocol === "tls:" && { tls: {} }),
        ...(username && { user: decode(username), pass: decode(password) }),
    }
}

function urlOf(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (
        url &&
        ["nats:", "tls:"].includes(url.protocol) &&
        url.hostname &&
        !url.search &&
        ["", "/"].includes(url.pathname)
    )
        return url
    throw new TypeError(`expected ${BUS_URL}, got ${text}`)
}
