import { compare, print } from "./comparison.ts"
import { perConnection } from "./memory.ts"
import { BARE, BARE_COMPRESSING, ours, type Candidate } from "./servers.ts"

/** Bytes of a message. */
const SIZES = [200, 8192]

/** Connections with what `ws` keeps for each, a quarter of a megabyte. */
const FEW = 1000

const COMPRESSING: Candidate = ours(
    "reverse, compressing",
    ...["reverse", "--quiet", "--compress", "--max-connections", "20000"]
)

/** What compression costs, here and in a bare `ws`. @param time milliseconds of a round */
export async function showCompression(
    rounds: number,
    time: number
): Promise<object[]> {
    console.log(
        "\ncompression: JSON, 20 connections with ten on the way each\n"
    )
    print("bytes", "", "", "messages/s", "CPU µs", "times without")
    const all = []
    for (const size of SIZES) {
        const load = { connections: 20, depth: 10, size, json: true }
        const rows = await compare(
            [
                ours("reverse", "reverse"),
                COMPRESSING,
                BARE,
                BARE_COMPRESSING,
            ].map(candidate => ({
                candidate,
                cores: "0",
                laying: { load, time, cores: ["1"] },
            })),
            rounds
        )
        for (const [i, { name, rate, cpu }] of rows.entries())
            print(
                String(size),
                name.padStart(32),
                String(Math.round(rate)),
                cpu.toFixed(1),
                (cpu / rows[i & ~1].cpu).toFixed(2)
            )
        all.push({ size, rows })
    }
    return all
}

/** What a connection keeps that has exchanged compressed messages. */
export async function showCompressedMemory(
    connections: number
): Promise<object[]> {
    console.log(
        "\nmemory of an idle connection after three compressed messages\n"
    )
    const few = Math.min(FEW, connections)
    const rows = []
    for (const [candidate, count] of [
        [COMPRESSING, connections],
        [COMPRESSING, few],
        [BARE_COMPRESSING, few],
    ] as const) {
        const bytes = await perConnection(candidate, count, true)
        rows.push({ name: candidate.name, connections: count, bytes })
        print(candidate.name, String(count), `${(bytes / 1024).toFixed(1)} KB`)
    }
    return rows
}
