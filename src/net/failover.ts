import { millis } from "../fiber/clock"
import { notify, Signal, wait } from "../fiber/signal"
import { Address, Dial, Stream } from "./stream"

/** Times in milliseconds. */
export interface FailoverOptions {
    /** What a network may take to connect as long as there is another one to try. Default 10,000. */
    patience?: number
    /** How often the networks before the one in use are tried; less than `backoff`'s `stable` lengthens its pauses. Default 60,000. */
    retry?: number
    /** How long nothing must have come or gone before a connection is moved. Default 500. */
    quiet?: number
}

const DEFAULT_TIMEOUT = 30000

/**
 * Several networks as one, the preferred ones first: a connection is made over the first that works. While it is not over
 * the very first, those before it are tried; when one of them reaches the server, the connection ends in a quiet moment,
 * and the next dial has the better one at once.
 */
export function failover(dials: Dial[], options: FailoverOptions = {}): Dial {
    const patience = options.patience || 10000
    const retry = options.retry || 60000
    const quiet = options.quiet || 500
    const last = dials.length - 1
    let used: number
    /** A connection that waits for the next dial. */
    let better: Link

    /** Over one of the first `count` networks. @returns undefined when none of them, though there are others, works */
    async function connect(address: Address, count: number): Promise<Link> {
        const { host, port, secure } = address
        const whole = address.timeout || DEFAULT_TIMEOUT
        for (let n = 0; n < count; ++n) {
            const timeout = n < last ? Math.min(patience, whole) : whole
            try {
                const stream = await dials[n]({ host, port, secure, timeout })
                return new Link(stream, n, address)
            } catch (e) {
                if (n === last) throw e
                if (count > last)
                    console.warn(`network ${n + 1}: ${(e as Error).message}`)
            }
        }
        return undefined
    }

    async function improve(link: Link) {
        while (!link.closed && !(await wait(link.ended, retry))) {
            const found = await connect(link.address, link.n)
            if (!found) continue
            while (!link.closed && link.rest(quiet) > 0)
                await wait(link.ended, link.rest(quiet))
            // It has ended by itself meanwhile: whoever wants the next one dials anew.
            if (link.closed) return await found.close()
            if (better) await better.close()
            better = found
            return await link.close()
        }
    }

    return async address => {
        let link = better
        better = undefined
        if (link && !link.serves(address)) {
            await link.close()
            link = undefined
        }
        if (!link) link = await connect(address, last + 1)
        if (link.n !== used) {
            used = link.n
            console.log(`network ${used + 1} of ${last + 1}`)
        }
        if (used > 0) improve.start(link)
        return link
    }
}

/** A connection, the network that it is over, and when something last happened on it. */
class Link implements Stream {
    closed = false
    readonly ended = new Signal()
    credit: number
    private active = millis()
    private sending = 0

    constructor(
        private readonly stream: Stream,
        readonly n: number,
        readonly address: Address
    ) {
        this.credit = stream.credit
    }

    serves(address: Address): boolean {
        const { host, port, secure } = this.address
        return (
            host === address.host &&
            port === address.port &&
            !secure === !address.secure
        )
    }

    /** @returns milliseconds that are missing to so many without traffic */
    rest(quiet: number): number {
        return this.sending ? quiet : this.active + quiet - millis()
    }

    async send(data: Buffer) {
        this.sending++
        try {
            await this.stream.send(data)
        } finally {
            this.sending--
            this.active = millis()
            this.credit = this.stream.credit
        }
    }

    async prove(probe: Buffer, answer: string) {
        this.sending++
        try {
            await this.stream.prove(probe, answer)
        } finally {
            this.sending--
            this.active = millis()
            this.credit = this.stream.credit
        }
    }

    waive() {
        if (this.stream.waive) this.stream.waive()
    }

    async recv(timeout?: number): Promise<Buffer> {
        const data = await this.stream.recv(timeout)
        if (data) this.active = millis()
        return data
    }

    async close() {
        this.closed = true
        notify(this.ended)
        await this.stream.close()
    }
}
