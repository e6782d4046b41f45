/** What each device of a fleet is: a number and a seed make it, so that a run can be repeated. */
import { seededRandom } from "../../lib/random.ts"

/** What a fleet is told. */
export interface FleetOptions {
    devices: number
    /** Milliseconds between two messages of a device: each draws its own from this range. */
    interval: { from: number; to: number }
    /** Mean seconds between two faults of a device; 0: none. */
    faults: number
    /** Seconds in which the devices are switched on, one after the other. */
    ramp: number
    seed: number
}

/** One device. Milliseconds. */
export interface DevicePlan {
    /** From 1. */
    number: number
    seed: number
    interval: number
    /** After the fleet's start. */
    start: number
}

/** Something that goes wrong at one device. Milliseconds since the fault before. */
export interface PlannedFault {
    after: number
    /**
     * `reset`: the connection breaks; `silence`: what is on its way vanishes, as with a radio out of reach; `stall`: nothing
     * moves; `refused`: the connection breaks, and new ones are refused.
     */
    kind: "reset" | "silence" | "stall" | "refused"
    lasts: number
}

const KINDS = ["reset", "silence", "stall", "refused"] as const
/** Milliseconds that a fault lasts. */
const SHORTEST = 500
const LONGEST = 5000

export function planFleet(options: FleetOptions): DevicePlan[] {
    const { devices, interval, ramp, seed } = options
    return Array.from({ length: devices }, (_, i) => {
        const own = (seed * 1_000_003 + i) >>> 0
        const random = seededRandom(own)
        const { from, to } = interval
        return {
            number: i + 1,
            seed: own,
            interval: Math.round(from + random() * (to - from)),
            start: (1000 * ramp * i) / devices,
        }
    })
}

/** The faults of a device, without end. @param mean seconds between two of them */
export function* planFaults(
    seed: number,
    mean: number
): Generator<PlannedFault> {
    const random = seededRandom(seed ^ 0x5eed)
    for (;;)
        yield {
            // exponentially distributed, as what happens by chance is
            after: -1000 * mean * Math.log(1 - random()),
            kind: KINDS[Math.floor(random() * KINDS.length)],
            lasts: SHORTEST + random() * (LONGEST - SHORTEST),
        }
}
