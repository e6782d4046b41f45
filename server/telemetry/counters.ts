/** What a server has counted since it started. Plain numbers: who wants them puts them into words. */
export class Counters {
    /** Connections by version */
    readonly opened = new Map<string, number>()
    /** Connections by close code */
    readonly closed = new Map<string, number>()
    /** Requests by the status of their answer */
    readonly refused = new Map<string, number>()
    /** Bytes of compressed messages by direction, and the same messages' bytes without compression */
    readonly compressed = new Map<string, number>()
    readonly uncompressed = new Map<string, number>()
    readonly #past = emptyTraffic()

    /** A compressed message came in or went out. */
    readonly countCompressed = (
        direction: "received" | "sent",
        compressed: number,
        uncompressed: number
    ): void => {
        increase(this.compressed, direction, compressed)
        increase(this.uncompressed, direction, uncompressed)
    }

    /** A connection has ended: its traffic is kept. */
    ended(connection: Traffic, code: number): void {
        increase(this.closed, nameOf(code))
        add(this.#past, connection)
    }

    /** @param open the connections that are still counting */
    traffic(open: Iterable<Traffic>): Traffic {
        const sum = { ...this.#past }
        for (const connection of open) add(sum, connection)
        return sum
    }
}

/** What went through connections. */
export interface Traffic {
    /** Messages that came in */
    received: number
    /** Messages that went out */
    sent: number
    bytesRead: number
    bytesWritten: number
    /** Connections that failed */
    failures: number
}

export function increase(
    counts: Map<string, number>,
    key: string,
    amount = 1
): void {
    counts.set(key, (counts.get(key) ?? 0) + amount)
}

function emptyTraffic(): Traffic {
    return { received: 0, sent: 0, bytesRead: 0, bytesWritten: 0, failures: 0 }
}

function add(sum: Traffic, one: Traffic): void {
    sum.received += one.received
    sum.sent += one.sent
    sum.bytesRead += one.bytesRead
    sum.bytesWritten += one.bytesWritten
    sum.failures += one.failures
}

/** Peers make up codes from 3000 on (RFC 6455 section 7.4.2), and each would be a time series of its own. */
function nameOf(code: number): string {
    return code < 3000 ? String(code) : "application"
}
