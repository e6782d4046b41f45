import { Url } from "./url"

/** Something that goes into the opening handshake: `subprotocols(…)`, `basic(…)`, `headers({…})`, `origin(…)`, an extension. */
export interface HandshakeValue {
    /**
     * Its headers of the request, each with its line end; empty for none.
     * @throws RangeError when something cannot be sent
     */
    request(url: Url): string

    /**
     * Looks at the reply that accepts the upgrade, and sets what it has negotiated.
     * @throws ProtocolError
     */
    reply?(reply: Reply): void
}

/** A reply that accepts the upgrade. */
export interface Reply {
    /** The headers that the handshake keeps, by name in lower case; those of one name joined by commas. */
    readonly fields: Record<string, string>

    /** Set by the value that offered it; a server that chooses one without that is in error. */
    protocol: string

    /** Set by the value that offered it; a server that names one without that is in error. */
    extension?: Extension
}

/** Has a hand in the payload of messages, RFC 6455, 5.8 and 9. */
export interface Extension {
    /** The reserved bits (0x40, 0x20, 0x10) of a message's first frame that say that it is one of its messages. */
    readonly rsv: number

    /**
     * Takes a piece of the payload of one of its messages as it came, and gives back what it stands for, a piece at a time.
     * @param data `undefined` while there is more of the last piece
     * @param last with this piece the message ends
     * @throws ProtocolError
     */
    decode(data: Buffer, last: boolean): Promise<Buffer>

    /** There is more of the piece that `decode` was given. */
    readonly hasMore: boolean

    /**
     * What to send in the place of a piece of a message.
     * @returns with the first piece `undefined`: the message goes as it is, and the rest of it is not asked for
     */
    encode(
        data: string | Buffer,
        first: boolean,
        last: boolean
    ): Promise<Buffer>
}
