/**
 * `npm run bench:server`: what the server costs, beside `ws` by itself and Debian's Tornado, in one run. Each server has
 * one processor to itself, the load comes from another one, and the servers take turns.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { perConnection, possible } from "./memory.ts"
import { median, round, type Laying, type Round } from "./rounds.ts"
import {
    BARE,
    hasTornado,
    ours,
    startServer,
    TORNADO,
    type Candidate,
    type Server,
} from "./servers.ts"

const short = process.argv.includes("--short")
const ROUNDS = short ? 3 : 9
const TIME = short ? 500 : 2000
const CONNECTIONS = possible(short ? 1000 : 10_000)

/** Twenty clients, each with ten messages of 32 bytes on the way. */
const LAYING: Laying = {
    load: { connections: 20, depth: 10, size: 32 },
    time: TIME,
    cores: ["1"],
}

/** The medians of a server's rounds. */
interface Row extends Omit<Round, "messages"> {
    name: string
}

const progress = (text: string) => console.error(`… ${text}`)

async function compare(candidates: Candidate[]): Promise<Row[]> {
    const servers: Server[] = []
    const rounds = new Map<Server, Round[]>()
    try {
        for (const candidate of candidates)
            servers.push(await startServer(candidate, "0"))
        for (const server of servers) rounds.set(server, [])
        // round 0 is for the compilers in the servers
        for (let i = 0; i <= ROUNDS; ++i) {
            progress(`round ${i} of ${ROUNDS}`)
            for (const server of servers) {
                const result = await round(server, LAYING)
                if (i) rounds.get(server)!.push(result)
            }
        }
    } finally {
        for (const server of servers) await server.stop()
    }
    return servers.map(server => ({
        name: server.name,
        ...medians(rounds.get(server)!),
    }))
}

function medians(rounds: Round[]): Omit<Round, "messages"> {
    const of = (key: keyof Round) => median(rounds.map(round => round[key]))
    return {
        rate: of("rate"),
        cpu: of("cpu"),
        generator: of("generator"),
        p99: of("p99"),
    }
}

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

function print(name: string, ...cells: string[]): void {
    const line = cells.map(cell => cell.padStart(16)).join("")
    console.log(name.padEnd(24) + line)
}

if (availableParallelism() < 2)
    throw new Error("expected two processors, one for the load")
const tornado = (await hasTornado()) ? [TORNADO] : []
if (!tornado.length)
    console.log(
        "Tornado is missing and left out; to install it: apt-get install -y python3-tornado\n"
    )
const speed = await compare([
    BARE,
    ours("reverse", "--quiet"),
    ours("reverse, logging"),
    ours(
        "reverse, with limits and metrics",
        ...["--log", "info", "--max-rate", "1000000"],
        ...["--max-per-address", "1000", "--admin-port", "0"]
    ),
    ...tornado,
])
showSpeed(speed)
const room = String(CONNECTIONS)
const memory = await showMemory([
    BARE,
    ours("reverse", "--quiet", "--max-connections", room),
    ...tornado,
])
mkdirSync("artifacts", { recursive: true })
writeFileSync(
    "artifacts/bench-server.json",
    JSON.stringify({ speed, memory }, undefined, 4)
)
