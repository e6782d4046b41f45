/** The tool chain's command line. */
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { Process, type Ended } from "../../lib/processes.ts"
import { PROJECT } from "../project/folder.ts"

/** The path of the tool chain's program, `devs`, which Node runs. */
export const DEVS = join(
    dirname(
        createRequire(import.meta.url).resolve("@devicescript/cli/package.json")
    ),
    "devicescript"
)

/**
 * Runs `devs` in the project folder.
 * @param args `["build", "src/main.ts"]`
 * @param quiet collects the output only, instead of showing it as well
 */
export function devs(args: string[], quiet = false): Promise<Ended> {
    return run(process.execPath, [DEVS, "--quiet", ...args], quiet)
}

/**
 * Runs a command in the project folder; standard output and error are collected.
 * @param quiet collects the output only, instead of showing it as well
 * @throws when there is no such command
 */
export function run(
    command: string,
    args: string[],
    quiet = false
): Promise<Ended> {
    const { child, ended } = new Process(command, args, { cwd: PROJECT })
    if (!quiet) {
        child.stdout!.pipe(process.stdout, { end: false })
        child.stderr!.pipe(process.stderr, { end: false })
    }
    return ended
}
