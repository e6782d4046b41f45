/**
 * The seam between the WebSocket and a network: a connected, ordered byte stream, and the way to get one.
 */

/** Where to connect to. */
export interface Address {
    /** Host name, IPv4 address, or IPv6 address without brackets. */
    host: string
    /** TCP port, 1..65535. */
    port: number
    /** TLS on top of TCP. */
    secure?: boolean
    /** Milliseconds that name lookup, TCP (and TLS) may take together. Default 30,000. */
    timeout?: number
}

/** A connected, ordered byte stream; the only thing a network has to provide. */
export interface Stream {
    /**
     * Hands all of `data` to the network; waits while the network takes no more.
     * @throws StreamError when the stream is closed or breaks
     */
    send(data: Buffer): Promise<void>

    /**
     * The next bytes, in order, of whatever length the network has at hand.
     * @param timeout milliseconds to wait; without it, for ever
     * @returns `undefined` on timeout, `null` when the peer has closed
     * @throws StreamError when the stream breaks
     */
    recv(timeout?: number): Promise<Buffer>

    /**
     * Most bytes that `send` may take now; without it, any. Only of a network that otherwise loses some without an error:
     * TLS on an ESP32. Each `send` lowers it, `prove` makes it whole.
     */
    credit?: number

    /**
     * Sends `probe`, and waits until the peer's answer has come in, which proves that all before has arrived. Whoever reads
     * gets the answer all the same.
     * @param answer in hex
     * @throws StreamError when it does not come, too
     */
    prove?(probe: Buffer, answer: string): Promise<void>

    /** Nothing more is to be sent: a `prove` that waits returns. */
    waive?(): void

    /** Gives the connection up; never throws. Allowed at any time and more than once; a waiting `recv` then returns `null`. */
    close(): Promise<void>
}

/**
 * Opens a stream.
 * @throws StreamError
 */
export type Dial = (address: Address) => Promise<Stream>

/** What goes wrong on the way, as opposed to what the peer (`ProtocolError`) or the caller (`RangeError`, `TypeError`) does wrong. */
export class StreamError extends Error {
    constructor(message: string) {
        super(message)
        this.name = "StreamError"
    }
}
