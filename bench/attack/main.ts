/**
 * `npm run attack`: a server is attacked from one address while others ask it in earnest from another. It has to stay up,
 * to turn every attempt away, to answer the others, and to have its memory back afterwards.
 */
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { ATTACKS, type Attack } from "./attacks.ts"
import { serve, type Service } from "./probe.ts"

const short = process.argv.includes("--short")
/** Milliseconds of each attack */
const TIME = short ? 1500 : 6000
/** The first pass warms up: what it leaves in memory is the measure for the later ones. */
const PASSES = 2
/** Most that memory may have grown by after the last pass. */
const GROWTH = 2
/** Most times as long as in quiet that the others' median round trip may take, in the middle of all attacks. */
const SLOWER = 20
/** Milliseconds in which a server that is left alone gives its memory back */
const REST = short ? 4000 : 10_000

const OPTIONS = [
    ...["--port", "0", "--log", "warn", "--json"],
    ...["--origin", "http://good.example", "--max-connections", "400"],
    ...["--max-per-address", "100", "--max-rate", "1000"],
    ...["--request-timeout", "2", "--stall-timeout", "1"],
]

const children = new Set<ChildProcess>()
process.once("SIGINT", () => {
    for (const child of children) child.kill("SIGKILL")
    process.exit(130)
})

function start(script: string, ...args: string[]) {
    const child = spawn(
        process.execPath,
        ["--import", "tsx", new URL(script, import.meta.url).pathname, ...args],
        { stdio: ["ignore", "pipe", "inherit"] }
    )
    children.add(child)
    child.once("exit", () => children.delete(child))
    return child
}

/** Megabytes that a process has in memory. */
function memoryOf({ pid }: ChildProcess): number {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

interface Result {
    outcomes: Record<string, number>
    service: Service
}

async function run({ name }: Attack, url: string): Promise<Result> {
    const { port } = new URL(url)
    const attacker = start("attacker.ts", name, port, String(TIME))
    let printed = ""
    attacker.stdout.on("data", chunk => (printed += chunk))
    const service = await serve(url, once(attacker, "close"))
    return { outcomes: JSON.parse(printed), service }
}

const server = start("../../server/main.ts", ...OPTIONS)
let logged = 0
const lines = createInterface(server.stdout)
const [first] = await once(lines, "line")
lines.on("line", () => logged++)
const { url } = JSON.parse(first) as { url: string }
let failures = 0

function verdict(holds: boolean, text: string): void {
    if (!holds) failures++
    console.log(`${holds ? "ok  " : "FAIL"} ${text}`)
}

const quiet = await serve(url, sleep(TIME))
console.log(
    `quiet: ${quiet.exchange.toFixed(2)} ms a round trip, ${quiet.opening.toFixed(2)} ms a new connection, ${memoryOf(server).toFixed(0)} MB`
)
let settled = 0
const exchanges: number[] = []
for (let pass = 1; pass <= PASSES; pass++) {
    for (const attack of ATTACKS) {
        const { outcomes, service } = await run(attack, url)
        exchanges.push(service.exchange)
        const total = Object.values(outcomes).reduce((a, b) => a + b, 0)
        const held = Object.entries(outcomes)
            .filter(([outcome]) => attack.expected.test(outcome))
            .reduce((sum, [, count]) => sum + count, 0)
        const counts = Object.entries(outcomes).map(
            ([outcome, count]) => `${count} × ${outcome}`
        )
        verdict(
            held === total && total > 0 && service.unanswered === 0,
            `${attack.name}: ${counts.join(", ")}; ${service.asked - service.unanswered} of ${service.asked} others answered, ${service.exchange.toFixed(2)} ms a round trip (${(service.exchange / quiet.exchange).toFixed(1)} × quiet), ${service.opening.toFixed(2)} ms a new connection; ${memoryOf(server).toFixed(0)} MB`
        )
    }
    await sleep(REST)
    const memory = memoryOf(server)
    console.log(`pass ${pass}: ${memory.toFixed(0)} MB after a rest`)
    if (pass === 1) settled = memory
    else
        verdict(
            memory <= settled * GROWTH,
            `memory: ${(memory / settled).toFixed(2)} times that after the first pass, at most ${GROWTH}`
        )
}
const middle = exchanges.sort((a, b) => a - b)[exchanges.length >> 1]
verdict(
    middle <= quiet.exchange * SLOWER,
    `others: ${middle.toFixed(2)} ms a round trip in the middle of all attacks, ${(middle / quiet.exchange).toFixed(1)} times as long as in quiet, at most ${SLOWER}`
)
const after = await serve(url, sleep(TIME))
verdict(
    after.unanswered === 0,
    `afterwards: ${after.exchange.toFixed(2)} ms a round trip, ${after.opening.toFixed(2)} ms a new connection`
)
verdict(
    server.exitCode === null && server.signalCode === null,
    `the server is up, and wrote ${logged} lines of log`
)
server.kill("SIGTERM")
const [code] = await once(server, "exit")
verdict(code === 0, `the server ended with ${code}`)
process.exitCode = failures ? 1 : 0
