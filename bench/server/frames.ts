/** The bytes of a load: what a client sends and what comes of it, ready-made. */

/** The masking key; its bytes differ and none is 0, so that no server gets off without unmasking. */
const KEY = [0x37, 0xfa, 0x21, 0x3d]

/** One exchange on the wire. */
export interface Exchange {
    /** A masked text frame of the client */
    request: Buffer
    /** The server's frame: with the text reversed, or as it is for the others in a room */
    reply: Buffer
}

/**
 * @param size bytes of the message, ASCII; at most 65,535
 * @param answer the text that a server makes of it
 */
export function exchangeOf(
    size: number,
    answer = (text: Buffer) => text.reverse()
): Exchange {
    const text = Buffer.alloc(size, "The quick brown fox jumps over ")
    const masked = text.map((byte, i) => byte ^ KEY[i % 4])
    const [first, ...length] = header(size)
    return {
        request: Buffer.from([
            first,
            length[0] | 0x80,
            ...length.slice(1),
            ...KEY,
            ...masked,
        ]),
        reply: Buffer.from([first, ...length, ...answer(text)]),
    }
}

/** FIN, text, and the length: RFC 6455 section 5.2. */
function header(size: number): number[] {
    return size < 126 ? [0x81, size] : [0x81, 126, size >> 8, size & 0xff]
}
