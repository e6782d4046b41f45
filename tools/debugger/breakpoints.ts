/** Where a program can stop, and where it does. */
import { relative } from "node:path"
import type { DebugProtocol } from "@vscode/debugprotocol"
import type { Program } from "../../sim/program.ts"
import { toolchain } from "../../sim/vm.ts"
import { Breakpoint, type Outcome } from "./breakpoint.ts"
import type { Scope } from "./expression.ts"

type Source = DebugProtocol.SourceBreakpoint

/** The lines between a breakpoint and the next code that it may move over. */
const REACH = 20

/**
 * Where the breakpoints of a file go: to the next line that has code, if one is near.
 * @param file absolute
 * @returns a line, or why there is none, for each
 */
function place(
    program: Program,
    file: string,
    lines: number[]
): (number | string)[] {
    const code = linesWithCode(program, relative(program.folder, file))
    if (!code) return lines.map(() => "this file is not part of the program")
    return lines.map(
        line =>
            code.find(at => at >= line && at <= line + REACH) ??
            "the program has no code here; what is not used is left out"
    )
}

/** @returns the lines in order, or undefined when the file is not part of the program */
function linesWithCode({ debug }: Program, file: string): number[] | undefined {
    const path = file.replaceAll("\\", "/")
    const index = debug.sources.findIndex(source => source.path === path)
    if (index < 0) return undefined
    const map = toolchain().compiler.SrcMapResolver.from(debug)
    const lines = map
        .srcMapForPos(map.filePos(index))
        .map(({ pos }) => map.resolvePos(pos).line)
    return [...new Set(lines)].sort((a, b) => a - b)
}

/** What is set in a file. */
interface SetInFile {
    /** By all that was asked for: an editor sets all of a file at each change of one, and the others count on */
    known: Map<string, Breakpoint>
    /** By line, which several may share once they have moved to the next code */
    lines: Map<number, Breakpoint[]>
}

/** What can be set of what an editor asks for. */
interface Plan {
    /** Those that the debugger is asked for */
    lines: number[]
    /** They are set from now on. @param told what the debugger says of each @returns what to say of all that was asked for */
    set(told: DebugProtocol.Breakpoint[]): DebugProtocol.Breakpoint[]
}

/** The breakpoints that are set. */
export class Breakpoints {
    readonly #files = new Map<string, SetInFile>()

    /** @param path of the file for which an editor sets these, and no others any more */
    plan(program: Program, path: string, sources: Source[]): Plan {
        const before = this.#files.get(path)?.known
        const known: SetInFile["known"] = new Map()
        const wanted = sources.map(({ line }) => line)
        const asked = place(program, path, wanted).map((line, i) => {
            if (typeof line === "string") return line
            const key = JSON.stringify(sources[i])
            try {
                const breakpoint =
                    known.get(key) ??
                    before?.get(key) ??
                    new Breakpoint(sources[i])
                known.set(key, breakpoint)
                return { line, breakpoint }
            } catch (error) {
                return (error as Error).message
            }
        })
        const possible = asked.filter(one => typeof one !== "string")
        return {
            lines: possible.map(({ line }) => line),
            set: told => {
                const lines: SetInFile["lines"] = new Map()
                for (const [i, { line }] of told.entries()) {
                    const others = lines.get(line!) ?? []
                    lines.set(line!, [...others, possible[i].breakpoint])
                }
                this.#files.set(path, { known, lines })
                const answers = told.values()
                return asked.map(one =>
                    typeof one === "string"
                        ? { verified: false, message: one }
                        : answers.next().value!
                )
            },
        }
    }

    /** The program is at a line. @returns what comes of it for each breakpoint there */
    async pass(path: string, line: number, scope: Scope): Promise<Outcome[]> {
        const outcomes: Outcome[] = []
        for (const breakpoint of this.#files.get(path)?.lines.get(line) ?? [])
            outcomes.push(await breakpoint.pass(scope))
        return outcomes
    }
}
