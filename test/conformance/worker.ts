/** A process that runs the cases it is given, one after the other. */
import { startBench, stopBench } from "./board.ts"
import { FAMILIES } from "./catalogue/index.ts"
import { judge, type Bench, type Outcome } from "./judge.ts"
import { linkMode } from "./links.ts"
import type { Case, Probe } from "./script.ts"

/** Cases of one family, over one link. */
export interface Task {
    family: number
    /** None for probes. */
    link?: string
    cases: number[]
}

/** What a worker reports: an outcome, or that it has done its task. */
export type Report =
    { task: Task; case: number; outcome: Outcome } | { done: Task }

const benches = new Map<string, Bench>()

async function run(task: Task) {
    for (const number of task.cases) {
        const item = FAMILIES[task.family].cases[number]
        const outcome =
            "run" in item ? await probe(item) : await play(item, task.link!)
        report({ task, case: number, outcome })
    }
    report({ done: task })
}

async function probe(item: Probe): Promise<Outcome> {
    const start = performance.now()
    const { expected, seen, note } = await item.run().catch((error: Error) => ({
        expected: ["an end"],
        seen: [error.message],
        note: undefined,
    }))
    return {
        passed: expected.join() === seen.join(),
        expected,
        seen,
        note,
        ms: Math.round(performance.now() - start),
    }
}

async function play(item: Case, link: string): Promise<Outcome> {
    const start = performance.now()
    const bench = benches.get(link) ?? (await startBench(linkMode(link)))
    benches.set(link, bench)
    try {
        return await judge(bench, item)
    } catch (error) {
        // the program does not answer any more: the next case gets a fresh board
        benches.delete(link)
        await stopBench(bench)
        return {
            passed: false,
            expected: ["a report from the program"],
            seen: [(error as Error).message],
            ms: Math.round(performance.now() - start),
        }
    }
}

function report(message: Report) {
    process.send!(message)
}

process.on("message", task => void run(task as Task))
process.on("disconnect", () => {
    void Promise.all([...benches.values()].map(stopBench)).then(() =>
        process.exit()
    )
})
