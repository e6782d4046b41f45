/** The seam between the VM's one socket and whatever carries it: TCP and TLS (`link.ts`) or a wire to a model (`wire.ts`). */

/** What the program's socket reports; `error` and `close` are the last of a connection. */
export type SocketEvent =
    | { type: "open" }
    | { type: "data"; bytes: Uint8Array }
    | { type: "error"; text: string }
    | { type: "close" }

/** One connection of the program's socket. */
export interface Carrier {
    /** @returns 0 accepted, -1 would block, -10 not connected: the firmware's codes */
    write(bytes: Uint8Array): number
    /**
     * The next event that the program may see now.
     * @param idle the VM has run everything that was due
     */
    next(idle: boolean): SocketEvent | undefined
    /** The program is done with the connection; nothing is reported any more. */
    close(): void
    /** It is the board's, not one connection's: asked for events for ever, and opened again. */
    readonly stays?: boolean
    /** The board starts anew, or is gone: of all that went on nothing is left. */
    stop?(): void
}
