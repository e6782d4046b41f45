/** Runs the tests that are DeviceScript programs, in the simulated board or in the toolchain's own VM. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Board } from "../../sim/board.ts"
import { CompileError } from "../../sim/program.ts"
import { PACKAGE } from "../project/folder.ts"
import { devs } from "../toolchain/devs.ts"

const FOLDER = "test/device"

/** How long a program may take, in milliseconds; with the tool chain's own VM it takes some ten times as long. */
const TIMEOUT = { board: 180_000, stock: 300_000 }

/** A test that failed, and what the log has about it. */
export interface Failure {
    name: string
    log: string[]
}

/** What came of a program with tests. */
export interface Report {
    file: string
    passed: number
    failures: Failure[]
}

/** The programs, as paths in the project. */
export function deviceTests(): string[] {
    return readdirSync(join(PACKAGE, FOLDER))
        .filter(name => name.endsWith(".test.ts"))
        .sort()
        .map(name => `${FOLDER}/${name}`)
}

/** Runs a program in the simulated board. */
export async function runInBoard(file: string): Promise<Report> {
    const lines: string[] = []
    let board: Board
    try {
        board = await Board.start(join(PACKAGE, file), {
            log: ({ level, text }) => {
                if (level !== "system") lines.push(text)
            },
        })
    } catch (error) {
        if (!(error instanceof CompileError)) throw error
        const failure = { name: "no test", log: error.message.split("\n") }
        return { file, passed: 0, failures: [failure] }
    }
    const timer = setTimeout(() => void board.stop(), TIMEOUT.board)
    const { name } = await board.exited
    clearTimeout(timer)
    await board.stop()
    return report(file, lines, name)
}

/** Runs a program with `devs run --test`, which collects garbage at every allocation. */
export async function runInStockVm(file: string): Promise<Report> {
    const { output } = await devs(
        [
            "run",
            file,
            "--test",
            "--test-self-exit",
            "--test-timeout",
            `${TIMEOUT.stock}`,
        ],
        true
    )
    const lines = output
        .split("\n")
        // eslint-disable-next-line no-control-regex -- the colours of the terminal
        .map(line => line.replace(/\x1b\[\d+m/g, "").replace(/^WASM> /, ""))
    return report(file, lines, lines.filter(line => line).at(-1) ?? "no output")
}

/**
 * Reads what `@devicescript/test` logs: each test's name, indented by two spaces, and below it what went wrong in it.
 * @param end how the program ended
 */
function report(file: string, lines: string[], end: string): Report {
    const tests: Failure[] = []
    let summary: RegExpExecArray | null = null
    for (const line of lines) {
        summary = /^tests: (\d+), pass: (\d+), error: (\d+)$/.exec(line)
        if (summary) break
        const name = /^ {2}(\S.*)$/.exec(line)?.[1]
        if (name) tests.push({ name, log: [] })
        else tests.at(-1)?.log.push(line)
    }
    const failures = tests.filter(({ log }) =>
        log.some(line => /^Exception: /.test(line))
    )
    if (!summary) {
        const last = tests.at(-1) ?? { name: "no test", log: lines }
        if (!failures.includes(last)) failures.push(last)
        last.log.push(`the program ended: ${end}`)
        const passed = tests.filter(test => !failures.includes(test)).length
        return { file, passed, failures }
    }
    const [total, passed, errors] = summary.slice(1).map(Number)
    if (total === 0) failures.push({ name: "no test", log: [] })
    else if (passed + errors !== total || errors !== failures.length)
        failures.push({
            name: `${passed} passed and ${errors} failed of ${total}`,
            log: [],
        })
    return { file, passed, failures }
}
