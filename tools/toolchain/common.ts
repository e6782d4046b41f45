/** What the tools have in common: how they fail, how they run the tool chain. */
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { InvalidArgumentError } from "commander"

/** The project's folder. */
export const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), "../..")

/** Something that the user can put right; shown without a stack. */
export class UserError extends Error {
    constructor(message: string) {
        super(message)
        this.name = "UserError"
    }
}

/** Runs a tool to its end: exit code 1 after an error, with the stack unless the user can put it right. */
export async function runTool(main: () => Promise<unknown>): Promise<void> {
    try {
        await main()
    } catch (error) {
        console.error(error instanceof UserError ? error.message : error)
        process.exitCode = 1
    }
}

/** Whether a module is the one that Node was started with. */
export function isMain(url: string): boolean {
    return url === pathToFileURL(process.argv[1]).href
}

/** How a run of the tool chain's command line ended. */
export interface CliResult {
    code: number | null
    output: string
}

/**
 * Runs `devs` in the project folder.
 * @param args `["build", "src/main.ts"]`
 * @param quiet collects the output only, instead of showing it as well
 */
export function devs(args: string[], quiet = false): Promise<CliResult> {
    const cli = createRequire(import.meta.url).resolve(
        "@devicescript/cli/package.json"
    )
    return run(
        process.execPath,
        [join(dirname(cli), "devicescript"), "--quiet", ...args],
        quiet
    )
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
): Promise<CliResult> {
    const child = spawn(command, args, {
        cwd: PROJECT,
        stdio: ["ignore", "pipe", "pipe"],
    })
    let output = ""
    for (const [from, to] of [
        [child.stdout, process.stdout],
        [child.stderr, process.stderr],
    ] as const)
        from.setEncoding("utf8").on("data", (text: string) => {
            output += text
            if (!quiet) to.write(text)
        })
    return new Promise((done, fail) => {
        child.on("error", fail)
        child.on("close", code => done({ code, output }))
    })
}

/** The candidate with the fewest letters to change, when they are few enough for a slip of the hand. */
export function nearest(
    word: string,
    candidates: string[]
): string | undefined {
    const near = candidates
        .map(candidate => ({
            candidate,
            distance: distance(word.toLowerCase(), candidate.toLowerCase()),
        }))
        .sort((a, b) => a.distance - b.distance)[0]
    return near && near.distance <= Math.max(1, word.length / 3)
        ? near.candidate
        : undefined
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j)
    for (let i = 1; i <= a.length; i++) {
        const next = [i]
        for (let j = 1; j <= b.length; j++)
            next[j] = Math.min(
                row[j] + 1,
                next[j - 1] + 1,
                row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
            )
        row = next
    }
    return row[b.length]
}

/** Makes an integer of an option's argument. The maker throws InvalidArgumentError below `minimum`. */
export function integer(minimum: number) {
    return (text: string): number => {
        const value = Number(text)
        if (text.trim() && Number.isInteger(value) && value >= minimum)
            return value
        throw new InvalidArgumentError(
            `expected an integer of at least ${minimum}`
        )
    }
}
