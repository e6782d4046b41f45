/** Runs a device program of the bench and times what it marks. */
import { join } from "node:path"
import { Board, type BoardOptions } from "../sim/board.ts"

const FOLDER = join(import.meta.dirname, "device")

/** Milliseconds of the VM's CPU, one for each run, by the name that the program gave. */
export type Timings = Record<string, number[]>

export function programPath(name: string): string {
    return join(FOLDER, `${name}.ts`)
}

/**
 * Starts a program that says `begin <what>` and `end` around what is to be timed, and `done`.
 * @param hear gets whatever it says
 */
export async function time(
    name: string,
    settings: BoardOptions["settings"] = {},
    hear: (line: string) => void = () => {}
): Promise<Timings> {
    const timings: Timings = {}
    let what = ""
    let start = 0
    const board = await startQuietly(name, settings)
    board.on("log", ({ text }) => {
        hear(text)
        const begin = /^begin (.*)/.exec(text)
        if (begin) {
            what = begin[1]
            start = board.cpu()
        } else if (text === "end")
            (timings[what] ??= []).push(board.cpu() - start)
    })
    try {
        await finish(board)
    } finally {
        await board.stop()
    }
    return timings
}

/** Starts a program that names its steps, and looks at the heap at each. @returns live bytes by step */
export async function heaps(
    name: string,
    steps: string[],
    settings: BoardOptions["settings"]
): Promise<Record<string, number>> {
    const live: Record<string, number> = {}
    const board = await startQuietly(name, settings)
    try {
        for (const step of steps) {
            await board.expect(new RegExp(`^${step}$`), 60_000)
            live[step] = board.heap().live
        }
    } finally {
        await board.stop()
    }
    return live
}

/** The network is not what is measured: the link takes all that is written. */
function startQuietly(name: string, settings: BoardOptions["settings"]) {
    return Board.start(programPath(name), {
        settings,
        link: { like: "simulator", delivery: "consumed", piece: 1460 },
    })
}

async function finish(board: Board) {
    const end = await Promise.race([
        board.expect(/^done$/, 300_000),
        board.exited,
    ])
    if (!Array.isArray(end))
        throw new Error(
            `the program ended early: ${end.name}\n` +
                board.log
                    .slice(-10)
                    .map(({ text }) => text)
                    .join("\n")
        )
}

export function best(values: number[]): number {
    return Math.min(...values)
}
