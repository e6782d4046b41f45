/**
 * `npm run bench:server`: what the server costs, beside `ws` by itself and Debian's Tornado, in one run. Each server has
 * one processor to itself, the load comes from another one, and the servers take turns.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { Argument } from "commander"
import { newCommand, runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { compare, print, type Contender, type Row } from "./comparison.ts"
import { showCompressedMemory, showCompression } from "./compression.ts"
import { perConnection, possible } from "./memory.ts"
import { showRooms, showSleeper } from "./rooms.ts"
import type { Laying } from "./rounds.ts"
import { BARE, hasTornado, ours, TORNADO, type Candidate } from "./servers.ts"

const command = newCommand("bench:server")
    .description(
        "Measures the server beside `ws` by itself and Debian's Tornado."
    )
    .addArgument(
        new Argument("[part]", "what to measure; default: all").choices([
            "reverse",
            "relay",
            "compression",
        ])
    )
    .option("--short", "less often and less long")
    .parse()
const { short } = command.opts()
const [part] = command.args
const ROUNDS = short ? 3 : 9
const TIME = short ? 500 : 2000
/** Megabytes to a room of which one member does not read */
const UNREAD = short ? 64 : 256
const CONNECTIONS = possible(short ? 1000 : 10_000)

/** Twenty clients, each with ten messages of 32 bytes on the way. */
const LAYING: Laying = {
    load: { connections: 20, depth: 10, size: 32 },
    time: TIME,
    cores: ["1"],
}

/** What costs something with each message, and is not on by itself. */
const EVERYTHING = ["--max-rate", "1000000", "--admin-port", "0"]

/** Each alone on one processor, under the same load. */
const alone = (candidate: Candidate): Contender => ({
    candidate,
    cores: "0",
    laying: LAYING,
})

function showSpeed(rows: Row[]): void {
    const base = rows[0]
    console.log(
        "text messages of 32 B, 20 connections with ten on the way each\n"
    )
    print("", "messages/s", "CPU µs", `times ${base.name}`, "p99 ms", "load µs")
    for (const { name, rate, cpu, p99, generator } of rows)
        print(
            name,
            String(Math.round(rate)),
            cpu.toFixed(2),
            (base.cpu / cpu).toFixed(2),
            p99.toFixed(2),
            generator.toFixed(2)
        )
}

/**
 * One worker and its load on one processor, against two workers and twice the load on two: nothing stands still in
 * either case, so the load's own share cancels out.
 */
async function showWorkers(): Promise<Row[]> {
    console.log("\none processor for server and load, and two\n")
    const [one, two] = ["1", "2"].map(n =>
        ours(`--workers ${n}`, "reverse", "--quiet", "--workers", n)
    )
    const on = (candidate: Candidate, ...cores: string[]): Contender => ({
        candidate,
        cores: cores.join(),
        laying: { ...LAYING, cores },
    })
    const rows = await compare([on(one, "0"), on(two, "0", "1")], ROUNDS)
    print("", "messages/s", "times one", "CPU µs", "load µs")
    for (const { name, rate, cpu, generator } of rows)
        print(
            name,
            String(Math.round(rate)),
            (rate / rows[0].rate).toFixed(2),
            cpu.toFixed(2),
            generator.toFixed(2)
        )
    return rows
}

async function showMemory(candidates: Candidate[]): Promise<object[]> {
    console.log(`\nmemory of an idle connection, of ${CONNECTIONS}\n`)
    const rows = []
    for (const candidate of candidates) {
        const bytes = await perConnection(candidate, CONNECTIONS)
        rows.push({ name: candidate.name, bytes })
        print(candidate.name, `${(bytes / 1024).toFixed(1)} KB`)
    }
    return rows
}

await runCommand(main)

async function main(): Promise<void> {
    if (availableParallelism() < 2)
        throw new UserError("expected two processors, one for the load")
    const results: Record<string, unknown> = {}
    const measures = (name: string) => part === undefined || part === name
    if (measures("reverse")) Object.assign(results, await measureReverse())
    if (measures("compression"))
        Object.assign(results, {
            compression: await showCompression(ROUNDS, TIME),
            compressed: await showCompressedMemory(CONNECTIONS),
        })
    if (measures("relay"))
        Object.assign(results, {
            rooms: await showRooms(ROUNDS, TIME),
            sleeper: await showSleeper(UNREAD),
        })
    mkdirSync("artifacts", { recursive: true })
    writeFileSync(
        "artifacts/bench-server.json",
        JSON.stringify(results, undefined, 4)
    )
}

async function measureReverse() {
    const tornado = (await hasTornado()) ? [TORNADO] : []
    if (!tornado.length)
        console.log(
            "Tornado is missing and left out; to install it: apt-get install -y python3-tornado\n"
        )
    const speed = await compare(
        [
            BARE,
            ours("reverse", "reverse", ...EVERYTHING),
            ours(
                "reverse, logging all",
                ...["reverse", "--log", "debug", ...EVERYTHING]
            ),
            ...tornado,
        ].map(alone),
        ROUNDS
    )
    showSpeed(speed)
    const workers = await showWorkers()
    const room = String(CONNECTIONS)
    const memory = await showMemory([
        BARE,
        ours("reverse", "reverse", "--quiet", "--max-connections", room),
        ...tornado,
    ])
    return { speed, workers, memory }
}
