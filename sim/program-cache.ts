/** Compiled programs on disk, by the content of all that they were made of: compiling takes seconds, reading one none. */
import { createHash } from "node:crypto"
import {
    existsSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    renameSync,
    rmSync,
    statSync,
    utimesSync,
    writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { join, relative, resolve } from "node:path"
import type { DebugInfo } from "./vm.ts"

/** A record's form; another number makes all older records worthless. */
const FORM = 1

/** In the project's `node_modules`, as other tools have it; a project without one has no cache. */
const FOLDER = ".cache/devicescript-websocket"

/** Records that are kept, of some 0.2 to 0.7 MB: the tests have about 150 programs. */
const KEPT = 300

const { version } = createRequire(import.meta.url)(
    "@devicescript/cli/package.json"
) as { version: string }

/** A compiled program and what belongs to it. */
export interface Program {
    /** The entry file, relative to `folder`; sources are named relative to `folder` too. */
    entry: string
    /** The project folder: the nearest one above the entry that has a `devsconfig.json`. */
    folder: string
    bytecode: Uint8Array
    debug: DebugInfo
    /** From `.env.defaults` and `.env.local`: JSON in UTF-8 by name. */
    settings: Record<string, Uint8Array>
}

/** What a record on disk holds; byte arrays in base64. */
interface Entry {
    /** Digest of each file's text by its path in the project; empty for a file that is not there. */
    files: [path: string, digest: string][]
    bytecode: string
    debug: Program["debug"]
    settings: [name: string, value: string][]
}

/** The record of one program. Whatever is wrong with it, or with the folder, means only that it is compiled again. */
export class ProgramCache {
    readonly #folder: string
    readonly #entry: string
    readonly #read: (path: string) => string

    /**
     * @param folder the project
     * @param entry the program's entry file, relative to it
     * @param read returns a source's text by its absolute path
     */
    constructor(folder: string, entry: string, read: (path: string) => string) {
        this.#folder = folder
        this.#entry = entry
        this.#read = read
    }

    /** @returns the program and its files, absolute, unless it is new or a file that it consists of has changed */
    load(): { program: Program; files: string[] } | undefined {
        let record: Entry
        try {
            record = JSON.parse(readFileSync(this.#path, "utf8")) as Entry
        } catch {
            return undefined
        }
        const files = record.files.map(([path]) => resolve(this.#folder, path))
        if (
            record.files.some(
                ([, digest], n) => digest !== this.#digest(files[n])
            )
        )
            return undefined
        const program: Program = {
            entry: this.#entry,
            folder: this.#folder,
            bytecode: Buffer.from(record.bytecode, "base64"),
            debug: record.debug,
            settings: Object.fromEntries(
                record.settings.map(([name, value]) => [
                    name,
                    Buffer.from(value, "base64"),
                ])
            ),
        }
        this.#touch()
        return { program, files }
    }

    /** Makes the record the one that was used last. */
    #touch(): void {
        try {
            utimesSync(this.#path, new Date(), new Date())
        } catch {
            // it may go before others, and is compiled again
        }
    }

    /** @param files all that the program was made of, absolute */
    store(program: Program, files: string[]): void {
        const record: Entry = {
            files: files.map(path => [
                relative(this.#folder, path),
                this.#digest(path),
            ]),
            bytecode: Buffer.from(program.bytecode).toString("base64"),
            debug: program.debug,
            settings: Object.entries(program.settings).map(([name, value]) => [
                name,
                Buffer.from(value).toString("base64"),
            ]),
        }
        // renamed into place, so that nobody reads half a record; readable for its owner only, as settings may be secrets
        const temporary = `${this.#path}.${process.pid}`
        const modules = join(this.#folder, "node_modules")
        if (!existsSync(modules)) return
        try {
            mkdirSync(join(modules, FOLDER), { recursive: true })
            writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 })
            renameSync(temporary, this.#path)
            prune(join(modules, FOLDER))
        } catch {
            // a folder that cannot be written to: no cache
        }
    }

    /** A program is known by where it is, and by its entry's text: variants that tests make keep a record each. */
    get #path(): string {
        const key = [FORM, version, this.#folder, this.#entry]
        const name = sha256(
            `${key.join("\n")}\n${this.#digest(resolve(this.#folder, this.#entry))}`
        )
        return join(this.#folder, "node_modules", FOLDER, `${name}.json`)
    }

    #digest(path: string): string {
        try {
            return sha256(this.#read(path))
        } catch {
            return ""
        }
    }
}

/** Removes what has not been used for the longest time, half-written records included. */
function prune(folder: string): void {
    const names = readdirSync(folder)
    if (names.length <= KEPT) return
    names
        .map(name => ({ name, used: statSync(join(folder, name)).mtimeMs }))
        .sort((a, b) => b.used - a.used)
        .slice(KEPT)
        .forEach(({ name }) => rmSync(join(folder, name), { force: true }))
}

function sha256(text: string): string {
    return createHash("sha256").update(text).digest("hex")
}
