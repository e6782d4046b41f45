import { At, Command } from "./at"

/** What the operator asks for. */
export interface Access {
    /** Access point name; empty: what the network has for us. */
    apn?: string
    user?: string
    password?: string
}

/** One of the modem's sockets. */
export interface SocketId {
    /** TLS rather than TCP: these are numbered apart. */
    readonly secure: boolean
    readonly number: number
}

/** Why a connection did not come about. */
export interface OpenFailure {
    reason: string
    /** The host's fault as far as can be told, not the modem's or the network's. */
    remote: boolean
}

/** What came of a read. */
export interface Reading {
    /** undefined: nothing */
    data: Buffer
    /** Bytes that are left; undefined when the modem does not say. */
    left: number
}

/** What the modem says without being asked. */
export interface Events {
    /** Something waits to be read. */
    arrived(secure: boolean, number: number): void
    /** The peer has closed; what has arrived can still be read. */
    ended(secure: boolean, number: number): void
    /** Network, SIM, or all that it knew. */
    lost(what: string): void
    /** Something else, which may mean that it is no longer as we believe: reason enough to ask. */
    unclear(name: string): void
}

/** How long the power key is held, in milliseconds, by the hardware design guide. */
export interface PowerKeyTimes {
    on: number
    off: number
}

/** What makes one make of modems differ from the others. Functions that return a promise throw StreamError when the modem refuses. */
export interface Dialect {
    powerKey: PowerKeyTimes
    /** How many bytes follow a line; undefined when it does not announce any. */
    payloadLength(name: string, text: string): number
    /** Takes a line that no command asked for. */
    notice(name: string, text: string, events: Events): void
    /** How often the PIN may still be tried. */
    pinTries: Command<number>
    /** Gets an address from the network, anew: closes all sockets. */
    attach(at: At, access: Access): Promise<void>
    /** Whether the modem still has that address. */
    attached: Command<boolean>
    /** Prepares TLS 1.2 with the server's name, whose certificate must lead to the one in the modem's file. */
    secure(at: At, authority: string): Promise<void>
    /** Sockets at once. */
    sockets(secure: boolean): number
    /** @returns undefined when it is open */
    open(
        at: At,
        socket: SocketId,
        host: string,
        port: number,
        timeout: number
    ): Promise<OpenFailure>
    /** @returns how many bytes the modem has taken; 0 when it has no room now */
    send(at: At, socket: SocketId, data: Buffer): Promise<number>
    /** @param max bytes */
    read(at: At, socket: SocketId, max: number): Promise<Reading>
    /** @returns how many bytes wait to be read; undefined when the modem does not say */
    waiting(at: At, socket: SocketId): Promise<number>
    close(at: At, socket: SocketId): Promise<void>
}

/** Milliseconds in which a modem takes a piece into its own memory, hands one out, or closes a socket. */
export const PIECE_TIMEOUT = 20000
export const CLOSE_TIMEOUT = 10000

/**
 * Explains the number of an error.
 * @param remote numbers that the host is to blame for, with the reason: `|11:no such host|…|`
 * @param local others
 */
export function openFailure(
    remote: string,
    local: string,
    error: number
): OpenFailure {
    const key = `|${error}:`
    const isRemote = remote.indexOf(key) >= 0
    const errors = isRemote ? remote : local
    const found = errors.indexOf(key)
    const reason =
        found < 0 ? `${error}` : errors.slice(found + 1).split("|")[0]
    return { reason: `error ${reason}`, remote: isRemote }
}
