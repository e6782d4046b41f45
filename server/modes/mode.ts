import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { Plot } from "../plot/plot.ts"
import type { Relay } from "../relay/relay.ts"
import type { Connection } from "../websocket/connection.ts"
import type { Message } from "../websocket/message.ts"

/** What a mode finds in its server. */
export interface ModeContext {
    /** The text of `--prefix` */
    prefix: string
    /** The devices and series of all servers on the bus */
    plot: Plot
    /** The rooms of all servers on the bus */
    relay: Relay
    /** The room at a path; `undefined`: there cannot be one */
    roomOf(path: string): string | undefined
    /** Whose pre-shared key a connection was made with; `undefined`: nobody's */
    identityOf(socket: Duplex): string | undefined
}

/** What a server is for: where it listens, what its page says, and what it does with each connection. */
export interface Mode {
    /** Port and path unless told otherwise */
    port: number
    path: string
    /** Port for data sources over TCP; without one there are none */
    sourcePort?: number
    /** Each path below its own is a room */
    hasRooms?: true
    /** Messages a second from one client unless told otherwise; default: any */
    maxRate?: number
    /** Page, style and script in `server/web/`; default `talk` */
    page?: string
    /** What its page says, with the prefix for `{prefix}`; without it the page is the plot */
    about?: string
    /** A connection is open. */
    open?(
        connection: Connection,
        context: ModeContext,
        request: IncomingMessage
    ): void
    /** A message came. Without it messages are read and thrown away, and the page has nothing to send them with. */
    message?(
        connection: Connection,
        message: Message,
        context: ModeContext
    ): void
    /** The network has taken all that was sent. */
    drained?(connection: Connection, context: ModeContext): void
    /** A connection has ended. */
    close?(connection: Connection, context: ModeContext): void
}
