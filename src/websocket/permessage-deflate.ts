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

/** Bytes of the heap that a program has left as a rule. */
const MAX_MEMORY = 24_576

/** What compression takes beside its windows and what grows with them. */
const TABLES = 2700

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
    /**
     * Most bytes of the heap that windows and tables take together. Default 24,576. From some 39,000 on also a server is accepted that ignores
     * `serverMaxWindowBits`, with a window of 32 KB.
     */
    maxMemory?: number
}

/**
 * Offers to compress messages, RFC 7692. The connection fails when the server ignores `serverMaxWindowBits`, and the next one
 * that is made with the same value goes without compression. The defaults are made for telemetry: many small texts that resemble each other.
 * @throws RangeError for a window that does not exist, or that `maxMemory` has no room for: the VM cannot say what is free, and a program
 * that takes more ends
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
    const most = options.maxMemory ?? MAX_MEMORY
    let offer = deflateOffer(wanted)
    const size = memory(wanted)
    if (size > most)
        throw new RangeError(`windows of ${size} bytes: maxMemory is ${most}`)
    return {
        request: () => offer,
        reply: reply => {
            const answer = reply.fields["sec-websocket-extensions"]
            if (!answer || !offer) return
            const agreed = agreedDeflate(answer, wanted)
            if (memory(agreed) > most) {
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

function memory(windows: DeflateParameters): number {
    const sent = 1 << windows.clientMaxWindowBits
    const received = 1 << windows.serverMaxWindowBits
    return TABLES + received + sent + Math.min(2 * sent, 2048)
}

/** @devsWhenUsed */
class PermessageDeflate implements Extension {
    readonly rsv = RSV1
    hasMore = false
    private readonly inflater: Inflater
    private readonly deflater: Deflater
    /** Of the message to decode nothing has come. */
    private isEmpty = true

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
            if (this.isEmpty && this.agreed.serverNoContextTakeover)
                inflater.filled = 0
            const isEmpty = this.isEmpty && !data.length
            this.isEmpty = last || isEmpty
            // What a sender leaves out at the end of a message, RFC 7692, 7.2.1. Of an empty one some leave out all.
            feed(inflater, data, last && !isEmpty ? hex`0000ffff` : hex``)
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
