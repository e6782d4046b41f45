import { Message } from "../protocol/message"

/** How a connection ended. */
export interface End {
    /** The peer's close code; ours when the peer broke the protocol; 1005: it gave none; 1006: no Close frame came. */
    code: number
    /** The reason that came with the code; empty without one. */
    reason: string
    /** Both Close frames were exchanged. */
    wasClean: boolean
    /** What broke it, if anything: ProtocolError (the peer), StreamError (the link). */
    error: Error
}

/** An open WebSocket. All that a feature needs to stand on; RFC 6455 and the older drafts both provide it. */
export interface Connection {
    /** The subprotocol that the server chose; empty without one. */
    readonly protocol: string

    /** How it ended; undefined until then. */
    readonly end?: End

    /**
     * The next message. Reading happens here and nowhere else: Pings and the Close frame are answered on the way.
     * @param timeout milliseconds; without it, waits for ever. What has come of a message by then is kept for the next call
     * @returns `undefined` on timeout, `null` when the connection has ended without an error
     * @throws what broke the connection, each time: ProtocolError, StreamError
     */
    recv(timeout?: number): Promise<Message>

    /**
     * Sends a message: a string as text, a Buffer as binary, a received `Message` unchanged and with its type. Waits until the
     * link has taken all of it.
     * @throws TypeError for anything else, StreamError when the connection ends before
     */
    send(data: string | Buffer | Message): Promise<void>

    /**
     * Sends a Close frame behind the messages before it, and waits for the end: at most `closeTimeout`. What still comes
     * is thrown away, unless another fiber is reading. Does nothing once the connection has ended.
     * @param code 1000-1003, 1007-1014 or 3000-4999; without it the frame is empty
     * @param reason at most 123 bytes of UTF-8
     * @throws RangeError for another code or reason
     */
    close(code?: number, reason?: string): Promise<void>
}
