import { At } from "./at"

/** What the operator asks for. */
export interface Access {
    /** Access point name; empty: what the network has for us. */
    apn?: string
    user?: string
    password?: string
}

/** How a make of modems is told to do TCP, or TLS. */
export interface Service {
    /** Sockets at once, at most ten. */
    links: number
    /** To open: what is before the socket's number, what between it and the host, and what behind the port. */
    open: string
    kind: string
    tail: string
    send: string
    read: string
    close: string
    /** How the lines begin that tell what came of it; the socket's number and a comma follow. Undefined: `OK` is enough. */
    opened: string
    sent?: string
    wasRead?: string
    closed?: string
    /** How the line in front of received bytes begins; `#` stands for the socket's number. */
    payload: string
    /** What a refusal to read says when there is nothing to be read. */
    empty?: string
    /** Unsolicited: something has arrived, the peer has closed; the socket's number follows. */
    arrived: string
    gone: string
    /** What went wrong with `open`, by number: `|11:no such host|…|`. */
    errors: string
    /** @returns how many of `length` bytes went out, by what the line that begins with `sent` says */
    taken(result: string, length: number): number
}

/** What makes one make of modems differ from the others. */
export interface Dialect {
    /** The command that tells how often the PIN may still be tried, and how its answer begins. */
    tries: string
    triesLeft: string
    /** Unsolicited lines that begin so mean that the modem has started again, or that the network has dropped us. */
    started: string[]
    dropped: string[]
    tcp: Service
    tls: Service
    /** Gets an address from the network. @returns "0", or the number of an error @throws StreamError */
    attach(at: At, access: Access): Promise<string>
    /**
     * Prepares TLS 1.2 with the server's name, whose certificate must lead to the one in the modem's file.
     * @returns "0", or the number of an error
     */
    secure(at: At, authority: string): Promise<string>
}
