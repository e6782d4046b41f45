/**
 * `npm run attack`: a server is attacked from one address while others ask it in earnest from another. It has to stay up,
 * to turn every attempt away, to answer the others, and to have its memory back afterwards.
 */
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { newCommand, runCommand } from "../../lib/command.ts"
import { ATTACKS, type Attack } from "./attacks.ts"
import { serve, type Service } from "./probe.ts"
import { ROOM_ATTACKS } from "./rooms.ts"

const { short } = newCommand("attack")
    .description(
        "Attacks a server from one address while others are served from another."
    )
    .option("--short", "less long")
    .parse()
    .opts()
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
    ...["--compress", "--request-timeout", "2", "--stall-timeout", "1"],
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

/** @param url where others ask */
async function run(
    { name, at }: Attack,
    target: Target,
    url: string
): Promise<Result> {
    const port = at === "sources" ? target.sourcePort : target.port
    const attacker = start("attacker.ts", name, String(port), String(TIME))
    let printed = ""
    attacker.stdout.on("data", chunk => (printed += chunk))
    const service = await serve(url, once(attacker, "close"))
    return { outcomes: JSON.parse(printed), service }
}

/** A server that is attacked, and where. */
interface Target {
    process: ChildProcess
    url: string
    port: number
    sourcePort?: number
    /** Lines of log so far */
    logged: number
}

async function startTarget(...args: string[]): Promise<Target> {
    const child = start("../../server/main.ts", ...args, ...OPTIONS)
    const lines = createInterface(child.stdout)
    const [first] = await once(lines, "line")
    const { url, port, sourcePort } = JSON.parse(first) as Target
    const target = { process: child, url, port, sourcePort, logged: 0 }
    lines.on("line", () => target.logged++)
    return target
}

let failures = 0

function verdict(holds: boolean, text: string): void {
    if (!holds) failures++
    console.log(`${holds ? "ok  " : "FAIL"} ${text}`)
}

async function main(): Promise<void> {
    const server = await startTarget("reverse")
    // its WebSockets are pages, so that others ask the first one
    const plotter = await startTarget("plotter", "--source-port", "0")
    const relay = await startTarget("relay")
    const targets = [server, plotter, relay]
    const at = { sources: plotter, rooms: relay }
    const quiet = await serve(server.url, sleep(TIME))
    console.log(
        `quiet: ${quiet.exchange.toFixed(2)} ms a round trip, ${quiet.opening.toFixed(2)} ms a new connection, ${memoryOf(server.process).toFixed(0)} MB`
    )
    const settled = new Map<Target, number>()
    const exchanges: number[] = []
    for (let pass = 1; pass <= PASSES; pass++) {
        for (const attack of [...ATTACKS, ...ROOM_ATTACKS]) {
            const target = attack.at ? at[attack.at] : server
            const { outcomes, service } = await run(attack, target, server.url)
            exchanges.push(service.exchange)
            judge(attack, target, outcomes, service, quiet)
        }
        await sleep(REST)
        for (const target of targets) {
            const memory = memoryOf(target.process)
            console.log(`pass ${pass}: ${memory.toFixed(0)} MB after a rest`)
            const before = settled.get(target)
            if (before === undefined) settled.set(target, memory)
            else
                verdict(
                    memory <= before * GROWTH,
                    `memory: ${(memory / before).toFixed(2)} times that after the first pass, at most ${GROWTH}`
                )
        }
    }
    const middle = exchanges.sort((a, b) => a - b)[exchanges.length >> 1]
    verdict(
        middle <= quiet.exchange * SLOWER,
        `others: ${middle.toFixed(2)} ms a round trip in the middle of all attacks, ${(middle / quiet.exchange).toFixed(1)} times as long as in quiet, at most ${SLOWER}`
    )
    const after = await serve(server.url, sleep(TIME))
    verdict(
        after.unanswered === 0,
        `afterwards: ${after.exchange.toFixed(2)} ms a round trip, ${after.opening.toFixed(2)} ms a new connection`
    )
    for (const { process: child, logged } of targets) {
        verdict(
            child.exitCode === null && child.signalCode === null,
            `the server is up, and wrote ${logged} lines of log`
        )
        child.kill("SIGTERM")
        const [code] = await once(child, "exit")
        verdict(code === 0, `the server ended with ${code}`)
    }
    process.exitCode = failures ? 1 : 0
}

function judge(
    { name, expected }: Attack,
    target: Target,
    outcomes: Record<string, number>,
    service: Service,
    quiet: Service
): void {
    const all = Object.entries(outcomes)
    const unexpected = all.filter(([outcome]) => !expected.test(outcome))
    const counts = all.map(([outcome, count]) => `${count} × ${outcome}`)
    const held = all.length > 0 && unexpected.length === 0
    verdict(
        held && service.unanswered === 0,
        `${name}: ${counts.join(", ")}; ${service.asked - service.unanswered} of ${service.asked} others answered, ${service.exchange.toFixed(2)} ms a round trip (${(service.exchange / quiet.exchange).toFixed(1)} × quiet), ${service.opening.toFixed(2)} ms a new connection; ${memoryOf(target.process).toFixed(0)} MB`
    )
}

await runCommand(main)
