import type { Message } from "./message.ts"

/** FIN and opcode of a message in one frame (RFC 6455 section 5.2). */
const FIRST = { text: 0x81, binary: 0x82 }

/** A message for many, and its frame by RFC 6455 (section 5.2), made once and when the first one needs it. */
export class SharedFrame {
    readonly message: Message
    readonly #payload?: Buffer
    #bytes?: Buffer

    /** @param payload the message's bytes, where they are there already */
    constructor(message: Message, payload?: Buffer) {
        this.message = message
        this.#payload = payload
    }

    get bytes(): Buffer {
        return (this.#bytes ??= this.#encode())
    }

    #encode(): Buffer {
        const { type, data } = this.message
        const payload = this.#payload ?? Buffer.from(data)
        return Buffer.concat([header(FIRST[type], payload.length), payload])
    }
}

function header(first: number, length: number): Buffer {
    if (length < 126) return Buffer.from([first, length])
    if (length < 0x10000)
        return Buffer.from([first, 126, length >> 8, length & 0xff])
    const bytes = Buffer.alloc(10)
    bytes.set([first, 127])
    bytes.writeUIntBE(length, 4, 6)
    return bytes
}
