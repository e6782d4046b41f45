import type { IncomingMessage } from "node:http"
import type { Connection } from "./connection.ts"
import type { Message } from "./message.ts"

/** What is done with the connections of one path; the connections share it. */
export interface Behavior {
    /** @param request the handshake; not to be kept, for it holds much memory */
    open?(connection: Connection, request: IncomingMessage): void
    /** Without it messages are read and thrown away. */
    message?(connection: Connection, message: Message): void
    /** The network has taken all that was sent. */
    drained?(connection: Connection): void
    /** The connection has ended. */
    close?(connection: Connection): void
}
