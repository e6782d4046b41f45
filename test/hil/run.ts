/** One scenario on one device, from the first byte to the verdict. */
import { fileURLToPath } from "node:url"
import { KEY_FILE } from "../wire/psk.ts"
import type { BackEnd, DeviceOptions, LogLine } from "./device.ts"
import { FaultLog, type Fault } from "./fault-log.ts"
import { judge, type Evidence, type Verdict } from "./judge.ts"
import { Link } from "./link.ts"
import { DEFAULT_SETTINGS, type Ends, type Scenario } from "./scenario.ts"
import { ServerRecord, ServerSide, type Recorded } from "./server-side.ts"
import { Stage, TimedOut } from "./stage.ts"

export type Status = "passed" | "failed" | "timed out" | "stopped"

const pem = (name: string) =>
    fileURLToPath(new URL(`../certificates/${name}.pem`, import.meta.url))
const CERTIFICATE = { cert: pem("test-only.cert"), key: pem("test-only.key") }

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

/**
 * Runs a scenario.
 * @param stop ends it early
 * @throws NoDevice, and when the link cannot listen where the device would look for it
 */
export async function run(
    scenario: Scenario,
    rig: Rig,
    stop: AbortSignal
): Promise<Outcome> {
    const { backEnd, options } = rig
    const faults = new FaultLog()
    const record = new ServerRecord()
    const toClose: { (): Promise<void> }[] = []
    try {
        const server = new ServerSide(record, faults, {
            ping: 0,
            certificate: options.tls ? CERTIFICATE : undefined,
            pskFile: options.psk ? KEY_FILE : undefined,
            ...scenario.server,
            ...rig.plantedServer,
        })
        toClose.unshift(() => server.end())
        await server.start()
        const host = backEnd.host(options)
        const { seed } = rig
        const target = () => server.port
        const link = await Link.start({ host, target, seed, faults })
        toClose.unshift(() => link.stop())
        const { wifi } = scenario
        const device = await backEnd.open({ ...options, wifi })
        toClose.unshift(() => device.close())
        const stage = new Stage(
            { device, link, server, record, faults, options },
            backEnd.pace
        )
        toClose.unshift(() => stage.close())

        const trouble = await stage.play(scenario, host, stop).then(
            () => undefined,
            (error: Error) => error
        )
        const ended = performance.now()
        const figures = quietly(() => device.figures?.() ?? {})
        for (let close; (close = toClose.shift());) await close()
        faults.end()
        const { log } = device
        return {
            ...verdictOn(
                scenario,
                {
                    log,
                    record: record.list,
                    faults: faults.list,
                    message: messageOf(scenario),
                    cutShort: trouble !== undefined,
                },
                trouble,
                stop.aborted
            ),
            scenario,
            network: options.network,
            began: stage.began,
            ended,
            device: {
                ...figures,
                ...quietly(() => scenario.figures?.({ log }) ?? {}),
            },
        }
    } finally {
        for (const close of toClose) await close()
    }
}

function verdictOn(
    scenario: Scenario,
    evidence: Evidence,
    trouble: Error | undefined,
    stopped: boolean
) {
    const verdict = judge(evidence, scenario.expect)
    const timedOut = trouble instanceof TimedOut
    const problems = [
        ...(trouble ? [trouble.message] : []),
        ...(timedOut || stopped ? [] : verdict.problems),
        ...(stopped ? [] : checked(scenario, evidence)),
    ]
    const good: Status = problems.length ? "failed" : "passed"
    const status: Status = stopped ? "stopped" : timedOut ? "timed out" : good
    return { ...verdict, ...evidence, problems, status }
}

/** A check that fails itself is a problem of its scenario, not the end of all others. */
function checked({ check }: Scenario, ends: Ends): string[] {
    try {
        return check?.(ends) ?? []
    } catch (error) {
        return [`the scenario's check failed: ${error}`]
    }
}

/** Between a panic and the next start a device knows nothing about itself, and without a line no scenario does. */
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
