/** What became of the messages of many devices. */

/** How often each round trip was seen, in whole milliseconds. */
export type Distribution = Record<number, number>

export interface Figures {
    devices: number
    /** Devices that are connected now. */
    open: number
    /** Devices that were connected at least once. */
    reached: number
    sent: number
    right: number
    wrong: number
    /** Reported as lost. */
    lost: number
    late: number
    /** A message was followed by the next without a word on what became of it. */
    silentlyLost: number
    reconnects: number
    /** Programs that died. */
    died: number
    faults: number
    roundTrips: Distribution
}

export function noFigures(): Figures {
    return {
        devices: 0,
        open: 0,
        reached: 0,
        sent: 0,
        right: 0,
        wrong: 0,
        lost: 0,
        late: 0,
        silentlyLost: 0,
        reconnects: 0,
        died: 0,
        faults: 0,
        roundTrips: {},
    }
}

export function add(to: Figures, more: Figures): Figures {
    const sum = { ...to, roundTrips: { ...to.roundTrips } }
    for (const key of Object.keys(noFigures()) as (keyof Figures)[])
        if (key !== "roundTrips") sum[key] += more[key]
    for (const [ms, count] of Object.entries(more.roundTrips))
        sum.roundTrips[Number(ms)] = (sum.roundTrips[Number(ms)] ?? 0) + count
    return sum
}

/** @param part 0.5: the median; 1: the longest. @returns milliseconds, undefined of nothing */
export function quantile(
    distribution: Distribution,
    part: number
): number | undefined {
    const entries = Object.entries(distribution)
        .map(([ms, count]) => [Number(ms), count])
        .sort(([a], [b]) => a - b)
    const total = entries.reduce((sum, [, count]) => sum + count, 0)
    let seen = 0
    for (const [ms, count] of entries) {
        seen += count
        if (seen >= part * total) return ms
    }
    return undefined
}
