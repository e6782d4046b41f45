/** Compiles DeviceScript programs in this process, without touching the project's `.devicescript` folder. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { UserError } from "../lib/errors.ts"
import { ProgramCache, type Program } from "./program-cache.ts"
import { replacementOf } from "./replacements.ts"
import { toolchain, type BoardDefinition, type Diagnostic } from "./vm.ts"

export type { Program }

/** What the compiler has to say about a place in a source file. */
export interface Complaint {
    file: string
    line: number
    column: number
    text: string
}

/** The compiler rejects the program; the message has a line for each complaint. */
export class CompileError extends UserError {
    /** @param files all that the program was to be made of, absolute */
    constructor(
        entry: string,
        readonly complaints: Complaint[],
        readonly files: string[]
    ) {
        const lines = complaints.map(
            ({ file, line, column, text }) =>
                `${file}:${line}:${column}: ${text}`
        )
        super(`${entry} does not compile:\n${lines.join("\n")}`)
    }
}

const BOARD = ".board.json"

const cache = new Map<string, { program: Program; stamps: string }>()

/**
 * Compiles a program, or returns it as compiled before when no file that it consists of has changed since.
 * @param entry path of the entry file (`src/main.ts`)
 * @param waiting called with the entry when it has to be compiled, which takes seconds
 * @throws CompileError
 */
export function compile(
    entry: string,
    waiting?: (entry: string) => void
): Program {
    const path = resolve(entry)
    const known = cache.get(path)
    if (known && known.stamps === stampsOf(known.stamps)) return known.program

    const folder = projectFolder(path)
    const { program, files } = compileIn(folder, relative(folder, path), {
        waiting,
    })
    cache.set(path, { program, stamps: stampsOf(files.join("\n")) })
    return program
}

/**
 * Compiles a program that is not on disk.
 * @param source its text
 * @param at where it pretends to be, which decides what it can import
 * @throws CompileError
 */
export function compileSource(source: string, at = "program.ts"): Program {
    const path = resolve(at)
    const folder = projectFolder(path)
    return compileIn(folder, relative(folder, path), {
        readSource: file =>
            file === path ? source : readFileSync(file, "utf8"),
    }).program
}

/**
 * Compiles a program of changed sources.
 * @param patch gets each source, by its path from the project's folder, and returns what to compile instead
 * @throws CompileError
 */
export function compilePatched(
    entry: string,
    patch: (file: string, text: string) => string
): Program {
    const path = resolve(entry)
    const folder = projectFolder(path)
    return compileIn(folder, relative(folder, path), {
        readSource: file =>
            patch(relative(folder, file), readFileSync(file, "utf8")),
    }).program
}

/**
 * Compiles a program for a board whose chips are models: what touches the board's buses is replaced by `sim/device/`.
 * @param waiting as for `compile`
 * @returns the program, and the files that it consists of, absolute
 * @throws CompileError
 */
export function compileForModels(
    entry: string,
    waiting?: (entry: string) => void
) {
    const path = resolve(entry)
    const folder = projectFolder(path)
    return compileIn(folder, relative(folder, path), {
        replacement: replacementOf,
        waiting,
    })
}

/** One line per file, `path` or `path<TAB>time`, brought up to date. */
function stampsOf(files: string): string {
    return files
        .split("\n")
        .map(line => line.split("\t")[0])
        .map(
            file =>
                `${file}\t${statSync(file, { throwIfNoEntry: false })?.mtimeMs}`
        )
        .join("\n")
}

function projectFolder(path: string): string {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
        if (existsSync(join(folder, "devsconfig.json"))) return folder
        if (folder === dirname(folder))
            throw new Error(
                `expected a devsconfig.json in a folder above ${path}, found none`
            )
    }
}

interface Compilation {
    /** Returns a source by its absolute path. Default: the file's text. */
    readSource?(path: string): string
    /** Returns what to compile instead of a source, the tool chain's own included, by its absolute path. */
    replacement?(path: string): string | undefined
    /** Called with the entry when it is not in the cache. */
    waiting?(entry: string): void
}

function configOf(folder: string, entry: string): object {
    return toolchain().compiler.resolveBuildConfig({
        hwInfo: { "@name": entry },
        addBoards: boardsIn(folder),
    })
}

/** The modules `@devicescript/*` and `@dsboard/*` as a project's programs import them: texts by path in the project. */
export function preludeOf(folder: string): Record<string, string> {
    return toolchain().compiler.preludeFiles(configOf(folder, ""))
}

function compileIn(
    folder: string,
    entry: string,
    { readSource = readText, replacement, waiting }: Compilation = {}
) {
    const { compiler } = toolchain()
    const config = configOf(folder, entry)
    const prelude = compiler.preludeFiles(config)
    // `devs build` writes the prelude to node_modules; served from here, it need not be on disk
    const read = (path: string) =>
        replacement?.(path) ??
        prelude[relative(folder, path)] ??
        readSource(path)
    const cache = new ProgramCache(folder, entry, read)
    const known = cache.load()
    if (known) return known

    waiting?.(entry)
    const complaints = boardFaults(folder)
    const result = compiler.compileWithHost(entry, {
        read: file => read(resolve(folder, file)),
        write: () => {},
        resolvePath: file => resolve(folder, file),
        relativePath: file => relative(folder, resolve(folder, file)),
        log: () => {},
        error: diagnostic => complaints.push(complaint(diagnostic)),
        isBasicOutput: () => true,
        getConfig: () => config,
        verifyBytecode: () => {},
    })
    const files = [
        ...result.usedFiles,
        ...boardFiles(folder),
        ".env.defaults",
        ".env.local",
    ].map(file => resolve(folder, file))
    if (complaints.length || !result.binary || !result.dbg)
        throw new CompileError(entry, complaints, files)

    const program: Program = {
        entry,
        folder,
        bytecode: result.binary,
        debug: result.dbg,
        settings: present(result.settings ?? {}),
    }
    cache.store(program, files)
    return { program, files }
}

const readText = (path: string) => readFileSync(path, "utf8")

function complaint({
    filename,
    line,
    column,
    formatted,
}: Diagnostic): Complaint {
    // formatted: "src/app/app.ts(9,73): error TS9999: text"
    const text = formatted.trim().replace(/^[^:]*\(\d+,\d+\): /, "")
    return { file: filename, line, column, text }
}

function present(settings: Record<string, Uint8Array | undefined>) {
    return Object.fromEntries(
        Object.entries(settings).flatMap(([name, value]) =>
            value ? [[name.trim(), value]] : []
        )
    )
}

/** The project's own boards, which programs import as `@dsboard/ID`. */
function boardsIn(folder: string): BoardDefinition[] {
    return boardFiles(folder).map(file => ({
        ...JSON.parse(readFileSync(file, "utf8")),
        id: basename(file, BOARD),
    }))
}

/** What the tool chain finds wrong with the boards' definitions, such as a pin with two uses. */
function boardFaults(folder: string): Complaint[] {
    const { compiler } = toolchain()
    const { archs } = compiler.resolveBuildConfig()
    return boardsIn(folder).flatMap(board => {
        const file = `boards/${board.id}${BOARD}`
        const { errors } = compiler.pinsInfo(archs[board.archId], board)
        return errors.map(text => ({ file, line: 1, column: 1, text }))
    })
}

function boardFiles(folder: string): string[] {
    const boards = join(folder, "boards")
    if (!existsSync(boards)) return []
    return readdirSync(boards)
        .filter(name => name.endsWith(BOARD))
        .map(name => join(boards, name))
}
