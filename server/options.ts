import type { BlockList } from "node:net"
import type { CertificateFiles } from "./http/certificate.ts"
import type { ConnectionSettings } from "./websocket/connection.ts"
import type { ServerEvent } from "./telemetry/events.ts"
import type { FaultInjection } from "./websocket/fault-injection.ts"
import {
    DEFAULT_PREFIX,
    MODES,
    behaviourOf,
    pagesOf,
    type ModeName,
} from "./modes/modes.ts"
import type { Pages } from "./http/page.ts"
import { proxies } from "./access/client-address.ts"
import { LocalBus, type Bus } from "./bus/bus.ts"
import { PLOT_PATH } from "./modes/plot-pages.ts"
import type { AddressQuota } from "./access/connection-quota.ts"

/** What a server can be told. Times are milliseconds, sizes are bytes. */
export interface ServerOptions {
    /** Default `reverse` */
    mode?: ModeName
    /** What the prefix mode puts in front */
    prefix?: string
    /** Default the mode's; 0 takes a free one */
    port?: number
    /** In plotter mode, where data sources connect over TCP; 0 takes a free one */
    sourcePort?: number
    /** Default 127.0.0.1 */
    host?: string
    /** Default the mode's */
    path?: string
    /** Origins that are let in; a request without an Origin always is. Default: every origin */
    origins?: string[]
    /** Subprotocols that the server agrees to; of several it takes the client's first */
    subprotocols?: string[]
    /** A longer message closes the connection with 1009 */
    maxMessage?: number
    /** Further clients get 503 */
    maxConnections?: number
    /** Further clients from one IPv4 address or IPv6 /64 get 429. Default: a quarter of all, loopback all */
    maxPerAddress?: number
    /** Messages a second, and twice as many at once; more close the connection with 1008. Default: any */
    maxRate?: number
    /** A handshake needs one of them. Default: none is needed */
    tokens?: string[]
    /** Serves `wss:` with it; renewed files are taken without a restart */
    certificate?: CertificateFiles
    /** Addresses and CIDR ranges of the proxies whose X-Forwarded-For and X-Forwarded-Proto count */
    trustProxy?: string[]
    /** Where `/metrics` and `/health` are; 0 takes a free one. Default: nowhere */
    adminPort?: number
    /** Default 127.0.0.1 */
    adminHost?: string
    /** Time between pings, and to answer one; 0: no pings */
    ping?: number
    /** Its pages may be shown inside of others, such as an editor's */
    framed?: boolean
    /** Unread replies above which a client is not read any more */
    maxBuffered?: number
    /** How long a client that is not read may take none of its replies */
    stallTimeout?: number
    /** How long a client may take for the request */
    handshakeTimeout?: number
    /** How long a client may take to answer a Close frame */
    closeTimeout?: number
    /** What goes wrong on purpose */
    faults?: FaultInjection
    /** Over which servers share the plot; the server closes it. Default: this server has its own */
    bus?: Bus
    /** Called with everything that happens, in order */
    onEvent?: (event: ServerEvent) => void
    /** Of which events `onEvent` is told. Default: of all */
    wantsEvent?: (event: ServerEvent["event"]) => boolean
}

/** What stays unsaid. */
type Optional =
    "onEvent" | "certificate" | "adminPort" | "maxPerAddress" | "maxRate"

/** Complete options, and what follows from them. */
export type Settings = Required<Omit<ServerOptions, "origins" | Optional>> &
    ConnectionSettings &
    Pick<ServerOptions, Optional> & {
        share: AddressQuota
        proxies: BlockList
        origins?: ReadonlySet<string>
        pages: Pages
        /** The paths at which a WebSocket is a page that shows the plot */
        plotPaths: ReadonlySet<string>
    }

/** The values that hold unless told otherwise. */
export const DEFAULTS = {
    mode: "reverse",
    prefix: DEFAULT_PREFIX,
    sourcePort: 9876,
    host: "127.0.0.1",
    adminHost: "127.0.0.1",
    subprotocols: [] as string[],
    tokens: [] as string[],
    trustProxy: [] as string[],
    maxMessage: 1024 * 1024,
    maxConnections: 1000,
    ping: 30_000,
    framed: false,
    maxBuffered: 1024 * 1024,
    stallTimeout: 30_000,
    handshakeTimeout: 10_000,
    closeTimeout: 2000,
    faults: {},
    wantsEvent: () => true,
} as const

/** Fills in the defaults. */
export function settingsOf(options: ServerOptions): Settings {
    const set = { ...DEFAULTS, ...MODES[options.mode ?? DEFAULTS.mode] }
    const chosen = { ...set, ...withoutUndefined(options) }
    const longestReply = chosen.maxMessage + Buffer.byteLength(chosen.prefix)
    return {
        ...chosen,
        bus: options.bus ?? new LocalBus(),
        share: {
            most: chosen.maxPerAddress ?? Math.ceil(chosen.maxConnections / 4),
            sparesLoopback: chosen.maxPerAddress === undefined,
        },
        proxies: proxies(chosen.trustProxy),
        origins: options.origins && new Set(options.origins.map(lowerCased)),
        ...behaviourOf(chosen.mode, chosen.prefix),
        pages: pagesOf(chosen.mode, chosen.path, chosen.prefix),
        plotPaths: plotPathsOf(chosen),
        // what is read already still gets its replies after reading stopped: room for that, but not for ever more
        hardLimit: 4 * Math.max(chosen.maxBuffered, longestReply),
    }
}

function plotPathsOf({ mode, path }: { mode: ModeName; path: string }) {
    if (mode === "plotter") return new Set([path, "/", PLOT_PATH])
    return new Set(path === PLOT_PATH ? [] : [PLOT_PATH])
}

const lowerCased = (text: string) => text.toLowerCase()

function withoutUndefined<T extends object>(options: T): T {
    return Object.fromEntries(
        Object.entries(options).filter(([, value]) => value !== undefined)
    ) as T
}
