/** Shares the suite out to processes. */
import { fork, type ChildProcess } from "node:child_process"
import { FAMILIES } from "./catalogue/index.ts"
import type { Outcome } from "./judge.ts"
import { LINKS } from "./links.ts"
import type { Report, Task } from "./worker.ts"

/** Payload bytes from which on a case is a task of its own. */
const LARGE = 1 << 21

export interface Selection {
    /** Matches number, family or name of a case; all when there is none. */
    only?: RegExp
    /** Names of links; all when there are none. */
    links: string[]
}

/** What a case is called: its family's number, and its own in there. */
export function caseId(family: number, number: number): string {
    return `${family + 1}.${number + 1}`
}

/** The tasks, those first that take long. */
export function tasksOf({ only, links }: Selection): Task[] {
    const tasks: Task[] = []
    for (const [family, { title, cases }] of FAMILIES.entries()) {
        const wanted = [...cases.keys()].filter(
            number =>
                !only ||
                only.test(
                    `${caseId(family, number)} ${title}: ${cases[number].name}`
                )
        )
        const sizeOf = (number: number) => {
            const item = cases[number]
            return "run" in item ? Infinity : (item.size ?? 0)
        }
        for (const number of wanted.filter(n => "run" in cases[n]))
            tasks.push({ family, cases: [number] })
        for (const { name, most } of LINKS) {
            if (links.length && !links.includes(name)) continue
            const fit = wanted.filter(
                number => sizeOf(number) <= most && !("run" in cases[number])
            )
            const small = fit.filter(number => sizeOf(number) < LARGE)
            const large = fit.filter(number => sizeOf(number) >= LARGE)
            if (small.length) tasks.push({ family, link: name, cases: small })
            // over one network the largest are enough
            if (name === "plain" || links.includes(name))
                for (const number of large)
                    tasks.push({ family, link: name, cases: [number] })
        }
    }
    return tasks.reverse()
}

/** Runs tasks on that many processes. @param stop ends them early */
export async function runTasks(
    tasks: Task[],
    jobs: number,
    stop: AbortSignal,
    listener: {
        outcome(task: Task, number: number, outcome: Outcome): void
        done(task: Task): void
    }
): Promise<void> {
    const queue = [...tasks]
    const work = async () => {
        const child = fork(new URL("worker.ts", import.meta.url))
        const quit = () => child.disconnect()
        stop.addEventListener("abort", quit)
        for (let task; !stop.aborted && (task = queue.shift());)
            await oneTask(child, task, listener)
        stop.removeEventListener("abort", quit)
        if (child.connected) child.disconnect()
    }
    await Promise.all(
        Array.from({ length: Math.min(jobs, tasks.length) }, work)
    )
}

function oneTask(
    child: ChildProcess,
    task: Task,
    listener: Parameters<typeof runTasks>[3]
): Promise<void> {
    return new Promise((resolve, reject) => {
        const left = (code: number | null) =>
            code === 0 || !child.connected
                ? resolve()
                : reject(new Error(`a worker ended with ${code}`))
        const hear = (message: unknown) => {
            const report = message as Report
            if ("outcome" in report)
                return listener.outcome(
                    report.task,
                    report.case,
                    report.outcome
                )
            child.off("message", hear)
            child.off("exit", left)
            listener.done(report.done)
            resolve()
        }
        child.on("message", hear)
        child.on("exit", left)
        child.send(task)
    })
}
