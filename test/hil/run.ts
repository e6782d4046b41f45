/** One scenario on one device, from the first byte to the verdict. */
import { setTimeout as sleep } from "node:timers/promises"
import type { BackEnd, Device, DeviceOptions, LogLine } from "./device.ts"
import { FaultLog, type Fault } from "./faultlog.ts"
import { Impostors, type Impostor } from "./impostor.ts"
import { judge, RESET, type Verdict } from "./judge.ts"
import { Link } from "./link.ts"
import { DEFAULT_SETTINGS, type Bench, type Scenario } from "./scenario.ts"
import { ServerRecord, ServerSide, type Recorded } from "./serverside.ts"

export type Status = "passed" | "failed" | "timed out" | "stopped"

/** What came of a scenario. */
export interface Outcome extends Verdict {
    scenario: Scenario
    network: string
    status: Status
    /** When the program started and when it ended: `performance.now()`. */
    began: number
    ended: number
    log: readonly LogLine[]
    record: readonly Recorded[]
    faults: readonly Fault[]
    /** See `Device.figures`. */
    device: Record<string, number>
}

/** A kind of device and how to open one. */
export interface Rig {
    backEnd: BackEnd
    options: DeviceOptions
    /** Of what jitter is made. */
    seed: number
    /** Put into every program, or every server: the suite has to notice. */
    plantedServer?: Scenario["server"]
}

/** Milliseconds that the server may take to see the end of what the board has ended. */
const SETTLE = 5_000

class TimedOut extends Error {}

/**
 * Runs a scenario.
 * @param stop ends it early
 * @throws NoDevice
 */
export async function run(
    scenario: Scenario,
    rig: Rig,
    stop: AbortSignal
): Promise<Outcome> {
    const { backEnd, options, seed } = rig
    const device = await backEnd.open(options)
    const faults = new FaultLog()
    const record = new ServerRecord()
    const server = new ServerSide(record, faults, {
        ping: 0,
        ...scenario.server,
        ...rig.plantedServer,
    })
    await server.start()
    const link = await Link.start({
        host: backEnd.host(options),
        target: server.port,
        seed,
        faults,
    })
    const stage = new Stage(device, link, server, record, faults, backEnd.pace)
    let trouble: unknown
    try {
        await stage.play(scenario, backEnd.host(options), stop)
    } catch (error) {
        trouble = error
    }
    const ended = performance.now()
    const figures = quietly(() => device.figures?.() ?? {})
    await stage.close()
    const evidence = {
        log: device.log,
        record: record.list,
        faults: faults.list,
        message: messageOf(scenario),
        cutShort: trouble !== undefined,
    }
    const verdict = judge(evidence, scenario.expect)
    const problems = [
        ...(trouble ? [(trouble as Error).message] : []),
        ...(trouble instanceof TimedOut ? [] : verdict.problems),
        ...(scenario.check?.(evidence) ?? []),
    ]
    return {
        ...verdict,
        ...evidence,
        problems,
        scenario,
        network: options.network,
        status: stop.aborted
            ? "stopped"
            : trouble instanceof TimedOut
              ? "timed out"
              : problems.length
                ? "failed"
                : "passed",
        began: stage.began,
        ended,
        device: figures,
    }
}

/** Between a panic and the next start a device knows nothing about itself. */
function quietly(figures: () => Record<string, number>) {
    try {
        return figures()
    } catch {
        return {}
    }
}

function messageOf({ message, settings }: Scenario) {
    const template = `${settings?.MESSAGE ?? DEFAULT_SETTINGS.MESSAGE}`
    return message ?? (n => template.split("{n}").join(`${n}`))
}

/** The bench of a scenario, and how it comes to its end. */
class Stage implements Bench {
    readonly device: Device
    /** When the program started. */
    began = performance.now()
    private impostors?: Impostors
    private readonly over = new AbortController()

    constructor(
        private readonly board: Device,
        readonly link: Link,
        readonly server: ServerSide,
        readonly record: ServerRecord,
        private readonly faults: FaultLog,
        private readonly pace: number
    ) {
        this.device = {
            deploy: (program, settings) => board.deploy(program, settings),
            expect: (wanted, timeout) => board.expect(wanted, timeout),
            log: board.log,
            close: () => board.close(),
            reset: () => {
                faults.moment(RESET)
                return board.reset()
            },
        }
        const start = server.start.bind(server)
        server.start = async () => {
            await start()
            link.target = server.port
        }
    }

    /** Runs it up to the program's last line. @throws when a step fails, or when it does not end in time */
    async play(scenario: Scenario, host: string, stop: AbortSignal) {
        const { settings, program = "echo", deadline } = scenario
        await scenario.prepare?.(this)
        await this.board.deploy(program, {
            ...DEFAULT_SETTINGS,
            ...settings,
            URL: `ws://${host}:${this.link.port}/ws`,
        })
        this.began = performance.now()
        const { signal } = this.over
        const stopped = new Promise<never>((_, reject) => {
            const end = () => reject(new Error("stopped"))
            if (stop.aborted) end()
            stop.addEventListener("abort", end, { signal })
        })
        const late = this.sleep(1000 * deadline).then(() => {
            throw new TimedOut(
                `not at its end within ${deadline * this.pace} s; the last line is "${this.board.log.at(-1)?.text}"`
            )
        })
        await Promise.race([late, stopped, this.steps(scenario)])
    }

    private async steps({ steps, deadline }: Scenario) {
        await steps?.(this)
        await this.device.expect(/^closed /, 1000 * deadline)
        if (await this.record.quiet(SETTLE)) return
        throw new Error(
            `expected the server to see the end of each connection; of ${this.record.count("connection")} it saw ${this.record.count("close")}`
        )
    }

    readonly impostor = async (...parts: Impostor[]) => {
        this.impostors ??= await Impostors.start(this.record, this.faults)
        this.link.target = this.impostors.port
        // it plays while the steps go on; what it meets is in the record
        void this.impostors
            .play(parts, () => (this.link.target = this.server.port))
            .catch(() => {})
    }

    readonly sleep = async (milliseconds: number) => {
        const { signal } = this.over
        await sleep(milliseconds * this.pace, undefined, { signal })
    }

    async close() {
        this.over.abort()
        await this.board.close()
        await this.link.stop()
        await this.impostors?.stop()
        await this.server.close()
        this.faults.end()
    }
}
