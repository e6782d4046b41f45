/** A process of the fleet: boards in plenty, each with its own program, network and faults. */
import { setTimeout as sleep } from "node:timers/promises"
import { Board } from "../../sim/board.ts"
import { compile, type Program } from "../../sim/program.ts"
import { readLine } from "../log/exchange-log.ts"
import { noFigures, type Figures } from "./figures.ts"
import { planFaults, type DevicePlan } from "./plan.ts"

/** What a worker is told first; it answers when the program is compiled, and waits for `go`. In the end comes `stop`. */
export interface WorkerOrder {
    url: string
    devices: DevicePlan[]
    /** See `FleetOptions`. */
    faults: number
}

/** What it tells, again and again. */
export interface WorkerNews {
    figures: Figures
    /** Milliseconds of CPU that the process has taken so far. */
    cpu: number
}

const PROGRAM = "src/main.ts"
/** Milliseconds between two pieces of news. */
const NEWS = 500
/** Milliseconds after which the program gives a reply up. */
const TIMEOUT = 10_000

const figures = noFigures()
const boards = new Set<Board>()
let stopping = false

/** One device's messages, from its log. */
class Device {
    private open = false
    private reached = false
    private waiting = false

    read(text: string) {
        const line = readLine(text)
        if (!line) {
            if (text.startsWith("down ")) this.connected(false)
            return
        }
        switch (line.kind) {
            case "open":
                if (line.connection > 1) figures.reconnects++
                return this.connected(true)
            case "closed":
                return this.connected(false)
            case "sent":
                if (this.waiting) figures.silentlyLost++
                this.waiting = true
                figures.sent++
                return
            case "late":
                figures.late++
                return
            default:
                this.waiting = false
                figures[line.kind]++
        }
        if (line.kind === "right")
            figures.roundTrips[line.ms] = (figures.roundTrips[line.ms] ?? 0) + 1
    }

    /** The program is gone, with what it was waiting for. */
    died() {
        figures.died++
        this.waiting = false
        this.connected(false)
    }

    private connected(open: boolean) {
        if (open !== this.open) figures.open += open ? 1 : -1
        this.open = open
        if (!open || this.reached) return
        this.reached = true
        figures.reached++
    }
}

async function run({ url, devices, faults }: WorkerOrder) {
    const program = compile(PROGRAM)
    const start = performance.now()
    for (const plan of devices) {
        const wait = start + plan.start - performance.now()
        if (wait > 0) await sleep(wait)
        if (stopping) return
        const board = await startDevice(program, plan, url)
        if (faults) suffer(board, plan, faults)
    }
}

async function startDevice(program: Program, plan: DevicePlan, url: string) {
    const device = new Device()
    figures.devices++
    const board = await Board.start(program, {
        deviceId: plan.number.toString(16).padStart(16, "f"),
        settings: {
            URL: url,
            INTERVAL: plan.interval,
            MESSAGE: `device ${plan.number} message {n}`,
            COUNT: 0,
            SUMMARY: 0,
            TIMEOUT,
            LOG: "info",
        },
        log: ({ text }) => device.read(text),
    })
    board.on("panic", () => device.died())
    boards.add(board)
    return board
}

/** Lets the planned faults happen, one after the other. */
function suffer({ link }: Board, { seed }: DevicePlan, mean: number) {
    const plan = planFaults(seed, mean)
    const next = () => {
        const { after, kind, lasts } = plan.next().value!
        setTimeout(() => {
            figures.faults++
            if (kind === "reset" || kind === "refused") link.reset()
            if (kind === "refused") link.refused = true
            if (kind === "silence") link.silence()
            if (kind === "stall") link.stall()
            if (kind === "reset") return next()
            setTimeout(() => {
                link.refused = false
                link.resume()
                next()
            }, lasts).unref()
        }, after).unref()
    }
    next()
}

/** @param told called when it is on its way, or cannot be any more */
function tell(told = () => {}) {
    const { user, system } = process.cpuUsage()
    const news: WorkerNews = { figures, cpu: (user + system) / 1000 }
    if (process.connected) process.send!(news, undefined, undefined, told)
    else told()
}

async function stop() {
    if (stopping) return
    stopping = true
    await Promise.all([...boards].map(board => board.stop()))
    tell(() => process.exit())
}

let order: WorkerOrder
// a signal may reach the whole group of processes, as Ctrl-C does; the parent says when it is over
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})
process.on("disconnect", () => void stop())
process.on("message", message => {
    if (message === "stop") return void stop()
    if (message === "go") {
        setInterval(() => tell(), NEWS)
        return void run(order)
    }
    order = message as WorkerOrder
    compile(PROGRAM)
    tell()
})
