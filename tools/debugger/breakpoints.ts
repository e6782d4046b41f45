/** Where a program can stop. */
import { relative } from "node:path"
import type { Program } from "../../sim/program.ts"
import { toolchain } from "../../sim/vm.ts"

/** The lines between a breakpoint and the next code that it may move over. */
const REACH = 20

/**
 * Where the breakpoints of a file go: to the next line that has code, if one is near.
 * @param file absolute
 * @returns a line, or why there is none, for each
 */
export function place(
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
