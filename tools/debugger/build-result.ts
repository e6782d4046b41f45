/** What comes of a build, in the project's terms. */
import { relative } from "node:path"
import { UserError } from "../../lib/errors.ts"
import type { CompileError, Program } from "../../sim/program.ts"
import { PROJECT } from "../project/folder.ts"
import type { BuildDiagnostic, BuildStatus } from "../toolchain/dev-server.ts"

/** A place in a file that something is wrong with; lines and columns begin at 1. */
export interface Problem {
    /** Relative to the project. */
    file: string
    line: number
    column: number
    endLine: number
    endColumn: number
    severity: "error" | "warning"
    text: string
}

/** Something in the project's files keeps the program from being built; the message has a line for each problem. */
export class BuildError extends UserError {
    constructor(
        what: string,
        readonly problems: Problem[]
    ) {
        const lines = problems.map(
            ({ file, line, column, text }) =>
                `${file}:${line}:${column}: ${text}`
        )
        super([`${what}:`, ...lines].join("\n"))
        this.name = "BuildError"
    }
}

/** TypeScript's category of a diagnostic. */
const WARNING = 0

/** @throws BuildError when the program does not compile */
export function programOf(entry: string, status: BuildStatus): Program {
    const { success, dbg, diagnostics } = status
    if (!success || !dbg)
        throw new BuildError(
            `${entry} does not compile`,
            diagnostics.map(problemOf)
        )
    return {
        entry,
        folder: PROJECT,
        bytecode: Buffer.from(dbg.binary.hex, "hex"),
        debug: dbg,
        settings: {},
    }
}

function problemOf(diagnostic: BuildDiagnostic): Problem {
    const { filename, category, code, messageText, ...place } = diagnostic
    const text =
        typeof messageText === "string" ? messageText : messageText.messageText
    const { line, column, endLine, endColumn } = place
    return {
        ...{ file: relative(PROJECT, filename), line, column },
        ...{ endLine, endColumn, text: `${text} (TS${code})` },
        severity: category === WARNING ? "warning" : "error",
    }
}

/** What the compiler found in this process. */
export function complaintsOf(entry: string, { complaints }: CompileError) {
    const problems = complaints.map((complaint): Problem => {
        const { line, column } = complaint
        const end = { endLine: line, endColumn: column }
        return { ...complaint, ...end, severity: "error" }
    })
    return new BuildError(`${entry} does not compile`, problems)
}

/** The lines of devs.json and .env.* that an error names: `devs.json:3: …`. */
export function configurationError({ message }: UserError): UserError {
    const problems = message.split("\n").flatMap((line): Problem[] => {
        const found = /^([\w.]+):(\d+)(?::(\d+))?: (.*)$/.exec(line)
        if (!found) return []
        const [file, at, column, text] = found.slice(1)
        const start = { line: Number(at), column: Number(column ?? 1) }
        const end = { endLine: start.line, endColumn: start.column + 200 }
        return [{ file, ...start, ...end, severity: "error", text }]
    })
    return problems.length
        ? new BuildError("the configuration is wrong", problems)
        : new UserError(message)
}
