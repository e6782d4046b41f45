import type { BlockList } from "node:net"
import { proxies } from "./access/client-address.ts"
import type { QuotaSettings } from "./access/connection-quota.ts"
import { knownHosts, type KnownHosts } from "./access/known-hosts.ts"
import type { Token } from "./access/token.ts"
import { LocalBus, type Bus } from "./bus/bus.ts"
import type { CertificateFiles } from "./http/certificate.ts"
import type { Pages } from "./http/page.ts"
import type { Mode } from "./modes/mode.ts"
import { MODES, type ModeName } from "./modes/modes.ts"
import { PLOT_PATH, pagesOf } from "./modes/pages.ts"
import { TELEPLOT } from "./plot/teleplot.ts"
import { PRESENCE } from "./relay/presence.ts"
import type { SlowMembers } from "./relay/room.ts"
import type { Observers } from "./telemetry/events.ts"
import type { ConnectionSettings } from "./websocket/connection.ts"
import type { FaultInjection } from "./websocket/fault-injection.ts"

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
    /** Names under which pages reach the server, besides its addresses, `localhost` and this computer's name */
    publicNames?: string[]
    /** Origins that are let in; a request without an Origin always is. Default: every origin */
    origins?: string[]
    /** Subprotocols that the server agrees to; of several it takes the client's first */
    subprotocols?: string[]
    /** Messages are compressed for clients that offer it (permessage-deflate, RFC 7692) */
    compress?: boolean
    /** A longer message closes the connection with 1009 */
    maxMessage?: number
    /** A message in more fragments closes the connection with 1008. Default: one for each 64 bytes of the longest message */
    maxFragments?: number
    /** Further clients get 503 */
    maxConnections?: number
    /** Further clients from one IPv4 address or IPv6 /64 get 429. Default: a quarter of all, loopback all */
    maxPerAddress?: number
    /** Messages a second, and twice as many at once; more close the connection with 1008. Default: any */
    maxRate?: number
    /** A handshake needs one of them. Default: none is needed */
    tokens?: Token[]
    /** In relay mode: rooms that are open at a time, in each process; further ones get 503 */
    maxRooms?: number
    /** In relay mode: members of one room, on all servers as far as they have told; further ones get 503 */
    maxMembers?: number
    /** In relay mode: what becomes of members that do not read. Default `drop`, with 1013 */
    slow?: SlowMembers
    /** Serves `wss:` with it; renewed files are taken without a restart */
    certificate?: CertificateFiles
    /** Serves `wss:` to devices with a key from this file, too; a changed file is taken without a restart */
    pskFile?: string
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
    /** Who is told what happens; `observe` makes one observer of several events */
    on?: Observers
}

/** What stays unsaid. */
type Optional = "certificate" | "pskFile" | "adminPort" | "maxRate" | "faults"

/** What the options come to. */
type Derived =
    "mode" | "origins" | "maxPerAddress" | "trustProxy" | "publicNames"

/** Complete options, and what follows from them. */
export type Settings = Required<Omit<ServerOptions, Optional | Derived>> &
    Pick<ServerOptions, Optional> & {
        mode: Mode
        quota: QuotaSettings
        proxies: BlockList
        hosts: KnownHosts
        origins?: ReadonlySet<string>
        pages: Pages
        /** The paths at which a WebSocket is a page that shows the plot */
        plotPaths: ReadonlySet<string>
        deviceConnection: ConnectionSettings
        pageConnection: ConnectionSettings
    }

/** Whether there is something to serve `wss:` with. */
export const hasCredentials = ({
    certificate,
    pskFile,
}: Pick<ServerOptions, "certificate" | "pskFile">) =>
    certificate !== undefined || pskFile !== undefined

/** The values that hold unless told otherwise. */
export const DEFAULTS = {
    mode: "reverse",
    prefix: "server: ",
    sourcePort: 9876,
    host: "127.0.0.1",
    adminHost: "127.0.0.1",
    publicNames: [] as string[],
    subprotocols: [] as string[],
    tokens: [] as Token[],
    trustProxy: [] as string[],
    compress: false,
    maxMessage: 1024 * 1024,
    maxConnections: 1000,
    maxRooms: 1000,
    maxMembers: 200,
    slow: "drop" as SlowMembers,
    ping: 30_000,
    framed: false,
    maxBuffered: 1024 * 1024,
    stallTimeout: 30_000,
    handshakeTimeout: 10_000,
    closeTimeout: 2000,
    on: {} as Observers,
} as const

/** Bytes of a message for which there may be a fragment, and the fewest that are allowed. */
const BYTES_PER_FRAGMENT = 64
const LEAST_FRAGMENTS = 16 * 1024

/** Messages a second that a page may send in any case: it asks for a batch after each frame. */
const PAGE_RATE = 100

/** Bytes of a page's batch: 20,000 points and a full table are about half of it. */
const LONGEST_BATCH = 2 * 1024 * 1024

/** Fills in the defaults. */
export function settingsOf(options: ServerOptions): Settings {
    const name = options.mode ?? DEFAULTS.mode
    const mode: Mode = MODES[name]
    const { port, path, maxRate } = mode
    const chosen = {
        ...{ ...DEFAULTS, port, path, maxRate },
        ...withoutUndefined(options),
    }
    if (mode.hasRooms) chosen.path = chosen.path.replace(/\/?$/, "/")
    const { prefix, host, publicNames, maxConnections, origins } = chosen
    const { maxPerAddress, maxMessage, trustProxy, subprotocols } = chosen
    return {
        ...chosen,
        mode,
        subprotocols: [
            ...subprotocols,
            TELEPLOT,
            ...(mode.hasRooms ? [PRESENCE] : []),
        ],
        maxFragments:
            chosen.maxFragments ??
            Math.max(
                LEAST_FRAGMENTS,
                Math.ceil(maxMessage / BYTES_PER_FRAGMENT)
            ),
        bus: chosen.bus ?? new LocalBus(),
        quota: {
            total: maxConnections,
            perAddress: maxPerAddress ?? Math.ceil(maxConnections / 4),
            sparesLoopback: maxPerAddress === undefined,
        },
        proxies: proxies(trustProxy),
        hosts: knownHosts(host, chosen.adminHost, ...publicNames),
        origins:
            origins && new Set(origins.map(origin => origin.toLowerCase())),
        pages: pagesOf(name, mode, chosen.path, prefix),
        plotPaths: plotPathsOf(mode, chosen.path),
        ...connectionsOf(chosen),
    }
}

function connectionsOf({
    maxRate,
    maxBuffered,
    stallTimeout,
    maxMessage,
    prefix,
    faults,
}: Pick<ServerOptions, "maxRate" | "faults"> &
    Pick<Settings, "maxBuffered" | "stallTimeout" | "maxMessage" | "prefix">) {
    const longestReply = maxMessage + Buffer.byteLength(prefix)
    const deviceConnection: ConnectionSettings = {
        answerPings: !faults?.noPong,
        maxRate,
        maxMessage,
        maxBuffered,
        // what was read before reading stopped still gets its replies: room for that, but not without end
        hardLimit: 4 * Math.max(maxBuffered, longestReply),
        stallTimeout,
        reportMessages: true,
    }
    const pageConnection: ConnectionSettings = {
        ...deviceConnection,
        answerPings: true,
        maxRate: maxRate && Math.max(maxRate, PAGE_RATE),
        // one batch is on its way at a time, and it may be longer than what a device is to send
        maxBuffered: LONGEST_BATCH,
        hardLimit: 4 * LONGEST_BATCH,
        reportMessages: false,
    }
    return { deviceConnection, pageConnection }
}

function plotPathsOf({ about }: Mode, path: string): ReadonlySet<string> {
    if (about === undefined) return new Set([path, "/", PLOT_PATH])
    return new Set(path === PLOT_PATH ? [] : [PLOT_PATH])
}

function withoutUndefined<T extends object>(options: T): T {
    return Object.fromEntries(
        Object.entries(options).filter(([, value]) => value !== undefined)
    ) as T
}
