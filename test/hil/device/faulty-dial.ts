import { Address, Dial, Stream } from "../../../src/net/stream"

/** The first byte of a Pong (RFC 6455, 5.2). */
const PONG = 0x8a

/** Opens streams out of which no Pong comes. A server sends one as a piece of its own while nothing else is under way. */
export function withoutPongs(dial: Dial): Dial {
    return async (address: Address) => new DeafStream(await dial(address))
}

class DeafStream implements Stream {
    constructor(private readonly inner: Stream) {}

    async send(data: Buffer) {
        await this.inner.send(data)
    }

    async recv(timeout?: number): Promise<Buffer> {
        for (;;) {
            const piece = await this.inner.recv(timeout)
            if (!piece || piece.getAt(0, "u8") !== PONG) return piece
            const frame = 2 + piece.getAt(1, "u8")
            if (piece.length > frame) return piece.slice(frame)
        }
    }

    async close() {
        await this.inner.close()
    }
}
