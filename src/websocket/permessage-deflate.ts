import { sleep } from "../fiber/clock"
import { ProtocolError } from "../protocol/codes"
import {
    deflate,
    Deflater,
    finish,
    forget,
    MAX_CHUNK,
    maxDeflated,
} from "../protocol/deflate"
import {
    agreedDeflate,
    deflateOffer,
    DeflateParameters,
} from "../protocol/deflate-parameters"
import { Extension, HandshakeValue } from "../protocol/handshake-value"
import { checkEnd, feed, inflate, Inflater } from "../protocol/inflate"

const RSV1 = 0x40

export interface DeflateOptions {
    /** How far back what the server sends may refer: 256 bytes (8) to 32 KB (15), which the heap has to have. Default 10: 1 KB. */
    serverMaxWindowBits?: number
    /** The same for what is sent; it takes three times as much memory up to 10, less beyond. Default 10. */
    clientMaxWindowBits?: number
    /** Asks the server not to refer to messages before. */
    serverNoContextTakeover?: boolean
    /** Does not refer to messages before. */
    clientNoContextTakeover?: boolean
    /** Shorter messages go out as they are. Default 32 bytes. */
    threshold?: number
    /** Takes 32 KB for the window of a server that ignores `serverMaxWindowBits`, instead of ending the connection. */
    anyWindow?: boolean
}

/**
 * Offers to compress messages, RFC 7692. The connection fails when the server ignores `serverMaxWindowBits`, and the next one
 * that is made with the same value goes without compression. The defaults are made for telemetry: many small texts that resemble each other.
 * @throws RangeError for a window that does not exist
 */
export function permessageDeflate(
    options: DeflateOptions = {}
): HandshakeValue {
    const wanted: DeflateParameters = {
        serverMaxWindowBits: options.serverMaxWindowBits ?? 10,
        clientMaxWindowBits: options.clientMaxWindowBits ?? 10,
        serverNoContextTakeover: !!options.serverNoContextTakeover,
        clientNoContextTakeover: !!options.clientNoContextTakeover,
    }
    let offer = deflateOffer(wanted)
    return {
        request: () => offer,
        reply: reply => {
            const answer = reply.fields["sec-websocket-extensions"]
            if (!answer || !offer) return
            const agreed = agreedDeflate(answer, wanted)
            if (agreed.serverMaxWindowBits > wanted.serverMaxWindowBits)
                if (!options.anyWindow) {
                    offer = ""
                    throw new ProtocolError("server_max_window_bits")
                }
            reply.extension = new PermessageDeflate(
                agreed,
                options.threshold ?? 32
            )
        },
    }
}

/** @devsWhenUsed */
class PermessageDeflate implements Extension {
    readonly rsv = RSV1
    hasMore = false
    private readonly inflater: Inflater
    private readonly deflater: Deflater
    /** The next piece to decode begins a message. */
    private isFirst = true

    constructor(
        private readonly agreed: DeflateParameters,
        private readonly threshold: number
    ) {
        this.inflater = new Inflater(agreed.serverMaxWindowBits)
        this.deflater = new Deflater(agreed.clientMaxWindowBits)
    }

    async decode(data: Buffer, last: boolean): Promise<Buffer> {
        const { inflater } = this
        if (data) {
            if (this.isFirst && this.agreed.serverNoContextTakeover)
                inflater.filled = 0
            this.isFirst = last
            // What a sender leaves out at the end of a message, RFC 7692, 7.2.1.
            feed(inflater, data, last ? hex`0000ffff` : hex``)
        }
        for (;;) {
            await sleep(0)
            const out = inflate(inflater)
            this.hasMore = !inflater.isHungry
            if (!this.hasMore && last) checkEnd(inflater)
            if (!this.hasMore || out.length) return out
        }
    }

    async encode(
        data: string | Buffer,
        first: boolean,
        last: boolean
    ): Promise<Buffer> {
        const { deflater } = this
        const size = typeof data === "string" ? data.byteLength : data.length
        if (first) {
            if (last && size < this.threshold) return undefined
            if (this.agreed.clientNoContextTakeover) forget(deflater)
        }
        const out = Buffer.alloc(maxDeflated(size))
        let end = 0
        for (let at = 0; at < size; at += MAX_CHUNK) {
            const chunk = Math.min(size - at, MAX_CHUNK)
            end = deflate(deflater, data, at, chunk, out, end)
            await sleep(0)
        }
        if (last) end = finish(deflater, out, end)
        return out.slice(0, end)
    }
}
