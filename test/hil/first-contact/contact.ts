/** `--first-contact`: tries each of our beliefs on a board, one after the other. */
import { setTimeout as sleep } from "node:timers/promises"
import { UserError } from "../../../lib/errors.ts"
import type { Device } from "../device.ts"
import { run, type Outcome, type Rig } from "../run.ts"
import { choose } from "../select.ts"
import { EXCHANGES } from "./exchanges.ts"
import { startPeer } from "./peer.ts"
import { PROBES, type Finding, type Probe, type Seen } from "./probes.ts"

/** A belief that was tried, with all that the board said meanwhile. */
export interface Tried extends Finding {
    name: string
    belief: string
    /** Milliseconds */
    took: number
    lines: string[]
}

/** Milliseconds for the lines that come with the program's end. */
const AFTERWARDS = 300

/** What to try on which board. */
export interface Contact {
    /** Of the only device */
    rig: Rig
    /** The board's: some beliefs are about one kind of chip */
    arch: string
    /** Parts of the beliefs' names; none: all */
    names: string[]
}

/** @param told gets each as soon as it was tried */
export async function firstContact(
    { rig, arch, names }: Contact,
    stop: AbortSignal,
    told: (tried: Tried) => void
): Promise<Tried[]> {
    const all: Tried[] = []
    const isWanted = (name: string) =>
        names.length === 0 || names.some(part => name.includes(part))
    const add = async (
        name: string,
        belief: string,
        attempt: () => Promise<Finding & { lines: string[] }>
    ) => {
        if (stop.aborted || !isWanted(name)) return
        const start = performance.now()
        const tried = await attempt().catch((error: Error) => {
            // no device at all: nothing else can be tried
            if (error instanceof UserError) throw error
            return { held: false, saw: error.message, lines: [] }
        })
        const took = performance.now() - start
        all.push({ name, belief, took, ...tried })
        told(all.at(-1)!)
    }
    const isWifi = rig.options.network === "wifi"
    for (const probe of PROBES.filter(one => isWifi || !one.isOfSockets))
        await add(probe.name, probe.belief, () => look(probe, rig, arch))
    for (const [name, belief] of Object.entries(EXCHANGES))
        await add(name, belief, async () => {
            const [scenario] = await choose([name])
            return exchanged(await run(scenario, rig, stop))
        })
    return all
}

async function look(probe: Probe, { backEnd, options }: Rig, arch: string) {
    const device = await backEnd.open(options)
    const peer = probe.isOfSockets
        ? await startPeer(backEnd.host(options))
        : undefined
    try {
        if (peer) await device.deploy("sockets", peer.settings)
        else await device.deploy("probe", { PROBE: probe.name })
        const seen = await watch(device, probe, backEnd.pace)
        return { ...probe.judge(seen, arch), lines: seen.lines }
    } finally {
        await device.close()
        await peer?.close()
    }
}

/** Waits for the program's end, of whatever kind. */
async function watch(
    device: Device,
    { name, patience }: Probe,
    pace: number
): Promise<Seen> {
    await device.expect(`probe ${name} begins`, 30_000)
    const end = await device
        .expect(new RegExp(`^probe ${name} (done|begins)$`), 1000 * patience)
        .then(
            ([, what]) => what,
            ({ message }: Error) => message
        )
    await sleep(AFTERWARDS * pace)
    const { log } = device
    const again = log
        .map(({ text }) => text)
        .lastIndexOf(`probe ${name} begins`)
    const hasRestarted = end === "begins"
    const values = new Map<string, string[]>()
    let [lastWord] = log
    for (const line of hasRestarted ? log.slice(0, again) : log) {
        const [, what, value] = /^seen (\S+) (.*)$/.exec(line.text) ?? []
        if (!what) continue
        values.set(what, [...(values.get(what) ?? []), value])
        lastWord = line
    }
    return {
        values,
        end: endOf(end),
        restarted: hasRestarted ? log[again].at - lastWord.at : undefined,
        lines: log.map(({ text }) => text),
    }
}

function endOf(what: string): Seen["end"] {
    if (what === "done") return "done"
    const isOver = what === "begins" || what.includes("the program ended")
    return isOver ? "ended" : "silent"
}

function exchanged({ status, problems, log, ...outcome }: Outcome) {
    return {
        held: status === "passed",
        saw: problems.length ? problems.join("; ") : figuresOf(outcome),
        lines: log.map(({ text }) => text),
    }
}

function figuresOf({ figures }: Pick<Outcome, "figures">): string {
    const { right, sent, connections } = figures
    return `${right} of ${sent} right, ${connections} connections`
}
