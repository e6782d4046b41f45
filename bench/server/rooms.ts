import { compare, print, type Contender } from "./comparison.ts"
import { behindSleeper } from "./memory.ts"
import type { Laying } from "./rounds.ts"
import { BARE_ROOM, ours, type Candidate } from "./servers.ts"

const RELAY: Candidate = {
    ...ours("relay", "relay", "--max-rate", "1000000", "--admin-port", "0"),
    room: "r",
}

/** Members of a room, and messages on the way to them. */
const LOADS = [
    { connections: 10, depth: 1 },
    { connections: 10, depth: 10 },
    { connections: 100, depth: 1 },
    { connections: 100, depth: 10 },
]

/** Messages on the way while the servers get into their stride */
const WARM_UP = 20

/** The relay beside a loop over the members of a bare `ws`. @param time milliseconds of a round */
export async function showRooms(
    rounds: number,
    time: number
): Promise<object[]> {
    console.log(
        "\nrooms: one member sends texts of 32 B, all others get them\n"
    )
    print(
        "members, on the way",
        "",
        "deliveries/s",
        "CPU ns",
        "times",
        "p99 ms"
    )
    const all = []
    for (const { connections, depth } of LOADS) {
        const laying = (depth: number): Laying => ({
            load: { connections, depth, size: 32 },
            time,
            cores: ["1"],
            program: "members.ts",
        })
        const contender = (candidate: Candidate): Contender => ({
            ...{ candidate, cores: "0" },
            ...{ laying: laying(depth), warmUp: laying(WARM_UP) },
        })
        const rows = await compare([BARE_ROOM, RELAY].map(contender), rounds)
        for (const { name, rate, cpu, p99 } of rows)
            print(
                `${connections}, ${depth}`,
                name,
                String(Math.round(rate)),
                (1000 * cpu).toFixed(0),
                (rows[0].cpu / cpu).toFixed(2),
                p99.toFixed(2)
            )
        all.push({ connections, depth, rows })
    }
    return all
}

/** What a member that does not read costs. */
export async function showSleeper(megabytes: number): Promise<object[]> {
    console.log(
        `\nmemory more after ${megabytes} MB to a room of which one member does not read\n`
    )
    const rows = []
    for (const candidate of [BARE_ROOM, RELAY]) {
        const bytes = await behindSleeper(candidate, megabytes)
        rows.push({ name: candidate.name, bytes })
        print(candidate.name, `${(bytes / 1024 / 1024).toFixed(0)} MB`)
    }
    return rows
}
