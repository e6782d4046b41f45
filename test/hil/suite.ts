/** Many scenarios on many devices, as many at a time as there can be. */
import { setMaxListeners } from "node:events"
import { run, type Outcome, type Rig } from "./run.ts"
import type { Scenario } from "./scenario.ts"

/** A scenario on one kind of device over one network. */
export interface Task {
    scenario: Scenario
    rig: Rig
}

export interface SuiteListener {
    started(task: Task): void
    finished(task: Task, outcome: Outcome): void
}

/**
 * Runs tasks; those that want to be alone come last.
 * @param jobs at the same time, at most
 * @returns in the order of the tasks
 * @throws NoDevice
 */
export async function runSuite(
    tasks: Task[],
    jobs: number,
    stop: AbortSignal,
    listener: SuiteListener
): Promise<Outcome[]> {
    const outcomes = new Map<Task, Outcome>()
    const fatal = new AbortController()
    const either = AbortSignal.any([stop, fatal.signal])
    // one for each scenario that runs
    setMaxListeners(0, either)
    const work = async (queue: Task[]) => {
        for (let task; !either.aborted && (task = queue.shift());) {
            listener.started(task)
            const outcome = await run(task.scenario, task.rig, either)
            outcomes.set(task, outcome)
            listener.finished(task, outcome)
        }
    }
    const pool = async (queue: Task[], size: number) => {
        const workers = Array.from({ length: size }, () =>
            work(queue).catch(error => {
                fatal.abort()
                throw error
            })
        )
        const ends = await Promise.allSettled(workers)
        for (const end of ends) if (end.status === "rejected") throw end.reason
    }
    const together = tasks.filter(({ scenario }) => !scenario.alone)
    // the longest first, so that none is left over at the end
    together.sort((a, b) => b.scenario.deadline - a.scenario.deadline)
    await pool(together, jobs)
    await pool(
        tasks.filter(({ scenario }) => scenario.alone),
        1
    )
    return tasks.flatMap(task => outcomes.get(task) ?? [])
}
