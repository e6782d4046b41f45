import { readdirSync, readFileSync } from "node:fs"

/** Nanoseconds on a processor of all threads of a process: `/proc/<pid>/task/<tid>/schedstat`, first field. */
function nanoseconds(pid: number): number {
    let sum = 0
    for (const thread of readdirSync(`/proc/${pid}/task`))
        try {
            const text = readFileSync(
                `/proc/${pid}/task/${thread}/schedstat`,
                "utf-8"
            )
            sum += Number(text.split(" ")[0])
        } catch (error) {
            // the thread has ended since the folder was read
            if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
        }
    return sum
}

/** A process and its descendants, without those of a build tool that stays beside it. */
export function family(pid: number): number[] {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf-8")
    return [
        pid,
        ...children
            .split(" ")
            .filter(Boolean)
            .map(Number)
            .filter(isNode)
            .flatMap(family),
    ]
}

function isNode(pid: number): boolean {
    return readFileSync(`/proc/${pid}/comm`, "utf-8").startsWith("node")
}

/** Microseconds of CPU that processes have used, user and system. */
export function cpuOf(pids: number[]): number {
    return pids.reduce((sum, pid) => sum + nanoseconds(pid), 0) / 1000
}

/** Bytes of memory that processes have resident. */
export function residentOf(pids: number[]): number {
    return pids.reduce((sum, pid) => sum + resident(pid), 0)
}

function resident(pid: number): number {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(
        readFileSync(`/proc/${pid}/status`, "utf-8")
    )!
    return Number(kilobytes) * 1024
}
