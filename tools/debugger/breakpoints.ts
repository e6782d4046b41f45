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

/** Of one file: the breakpoints of a line, which may be several once they have moved to the next code. */
type Lines = Map<number, Breakpoint[]>

/** What can be set of what an editor asks for. */
interface Plan {
    /** Those that the debugger is asked for */
    lines: number[]
    /** They are set from now on. @param known what the debugger says of each @returns what to say of all that was asked for */
    set(known: DebugProtocol.Breakpoint[]): DebugProtocol.Breakpoint[]
}

/** The breakpoints that are set. */
export class Breakpoints {
    readonly #files = new Map<string, Lines>()
    /** By the file and all that was asked for: an editor sets all of a file at each change of one, and the others count on */
    readonly #known = new Map<string, Breakpoint>()

    /** @param path of the file for which an editor sets these, and no others any more */
    plan(program: Program, path: string, sources: Source[]): Plan {
        const lines = sources.map(({ line }) => line)
        const asked = place(program, path, lines).map((line, i) => {
            const breakpoint = this.#make(path, sources[i])
            if (typeof line === "string") return line
            return typeof breakpoint === "string"
                ? breakpoint
                : { line, breakpoint }
        })
        const possible = asked.filter(one => typeof one !== "string")
        return {
            lines: possible.map(({ line }) => line),
            set: known => {
                const breakpoints = possible.map(one => one.breakpoint)
                this.#set(path, breakpoints, known)
                const answers = known.values()
                return asked.map(one =>
                    typeof one === "string"
                        ? { verified: false, message: one }
                        : answers.next().value!
                )
            },
        }
    }

    /** @returns what is asked for, or what is wrong with it */
    #make(path: string, source: Source): Breakpoint | string {
        try {
            const key = JSON.stringify([path, source])
            const breakpoint = this.#known.get(key) ?? new Breakpoint(source)
            this.#known.set(key, breakpoint)
            return breakpoint
        } catch (error) {
            return (error as Error).message
        }
    }

    #set(
        path: string,
        breakpoints: Breakpoint[],
        known: DebugProtocol.Breakpoint[]
    ) {
        const lines: Lines = new Map()
        for (const [i, { line }] of known.entries())
            lines.set(line!, [...(lines.get(line!) ?? []), breakpoints[i]])
        this.#files.set(path, lines)
        const set = new Set(
            [...this.#files.values()].flatMap(lines =>
                [...lines.values()].flat()
            )
        )
        for (const [key, breakpoint] of this.#known)
            if (!set.has(breakpoint)) this.#known.delete(key)
    }

    /** The program is at a line. @returns undefined where there is no breakpoint */
    async pass(
        path: string,
        line: number,
        scope: Scope
    ): Promise<Outcome[] | undefined> {
        const here = this.#files.get(path)?.get(line)
        if (!here) return undefined
        const outcomes: Outcome[] = []
        for (const breakpoint of here)
            outcomes.push(await breakpoint.pass(scope))
        return outcomes
    }
}
