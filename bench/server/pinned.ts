/** The programs of the load, each a process on one processor. */
import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/** Starts a program of this folder with `argument` as JSON. */
export function startPinned(
    program: string,
    argument: unknown,
    core: string
): ChildProcess {
    const path = fileURLToPath(new URL(program, import.meta.url))
    return fork(path, [JSON.stringify(argument)], {
        execPath: "taskset",
        execArgv: ["-c", core, process.execPath, "--import", "tsx"],
    })
}

/**
 * The next thing that a program tells.
 * @throws Error when it ends instead: it has said why itself
 */
export async function answer(child: ChildProcess): Promise<unknown> {
    const result = await Promise.race([
        once(child, "message"),
        once(child, "exit").then(() => undefined),
    ])
    if (!result) throw new Error("the load ended early")
    return result[0]
}
