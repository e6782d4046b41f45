/**
 * `npm run bench:server`: what the server costs, beside `ws` by itself and Debian's Tornado, in one run. Each server has
 * one processor to itself, the load comes from another one, and the servers take turns.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { Command } from "commander"
import { runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
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

const { short } = new Command("bench:server")
    .description(
        "Measures the server beside `ws` by itself and Debian's Tornado."
    )
    .option("--short", "less often and less long")
    .parse()
    .opts()
const ROUNDS = short ? 3 : 9
const TIME = short ? 500 : 2000
const CONNECTIONS = possible(short ? 1000 : 10_000)

/** Twenty clients, each with ten messages of 32 bytes on the way. */
const LAYING: Laying = {
    load: { connections: 20, depth: 10, size: 32 },
    time: TIME,
    cores: ["1"],
}

/** What costs something with each message, and is not on by itself. */
const EVERYTHING = ["--max-rate", "1000000", "--admin-port", "0"]

/** The medians of a server's rounds. */
interface Row extends Omit<Round, "messages"> {
    name: string
}

const progress = (text: string) => console.error(`… ${text}`)

/** A server, the processors that it has, and the load on it. */
interface Contender {
    candidate: Candidate
    cores: string
    laying: Laying
}

/** Each alone on one processor, under the same load. */
const alone = (candidate: Candidate): Contender => ({
    candidate,
    cores: "0",
    laying: LAYING,
})

async function compare(contenders: Contender[]): Promise<Row[]> {
    const servers: Server[] = []
    const rounds: Round[][] = contenders.map(() => [])
    try {
        for (const { candidate, cores } of contenders)
            servers.push(await startServer(candidate, cores))
        // round 0 is for the compilers in the servers
        for (let i = 0; i <= ROUNDS; ++i) {
            progress(`round ${i} of ${ROUNDS}`)
            for (const [n, server] of servers.entries()) {
                const result = await round(server, contenders[n].laying)
                if (i) rounds[n].push(result)
            }
        }
    } finally {
        for (const server of servers) await server.stop()
    }
    return servers.map(({ name }, n) => ({ name, ...medians(rounds[n]) }))
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

/**
 * One worker and its load on one processor, against two workers and twice the load on two: nothing stands still in
 * either case, so the load's own share cancels out.
 */
async function showWorkers(): Promise<Row[]> {
    console.log("\none processor for server and load, and two\n")
    const [one, two] = ["1", "2"].map(n =>
        ours(`--workers ${n}`, "--quiet", "--workers", n)
    )
    const rows = await compare([
        { candidate: one, cores: "0", laying: { ...LAYING, cores: ["0"] } },
        {
            candidate: two,
            cores: "0,1",
            laying: { ...LAYING, cores: ["0", "1"] },
        },
    ])
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

function print(name: string, ...cells: string[]): void {
    const line = cells.map(cell => cell.padStart(16)).join("")
    console.log(name.padEnd(24) + line)
}

await runCommand(main)

async function main(): Promise<void> {
    if (availableParallelism() < 2)
        throw new UserError("expected two processors, one for the load")
    const tornado = (await hasTornado()) ? [TORNADO] : []
    if (!tornado.length)
        console.log(
            "Tornado is missing and left out; to install it: apt-get install -y python3-tornado\n"
        )
    const speed = await compare(
        [
            BARE,
            ours("reverse", ...EVERYTHING),
            ours("reverse, logging all", "--log", "debug", ...EVERYTHING),
            ...tornado,
        ].map(alone)
    )
    showSpeed(speed)
    const workers = await showWorkers()
    const room = String(CONNECTIONS)
    const memory = await showMemory([
        BARE,
        ours("reverse", "--quiet", "--max-connections", room),
        ...tornado,
    ])
    mkdirSync("artifacts", { recursive: true })
    writeFileSync(
        "artifacts/bench-server.json",
        JSON.stringify({ speed, workers, memory }, undefined, 4)
    )
}
