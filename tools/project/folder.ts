import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"

/** The folder of this package: of its boards, its schema and, in its repository, of the echo program. */
export const PACKAGE = resolve(import.meta.dirname, "../..")

/** The folder of the project that a command is for: the one that it is called in. */
export const PROJECT = process.cwd()

/** The project is a user's, whose program is known to devs.json by its path only. */
export const IS_OWN = PROJECT !== PACKAGE

/** @returns texts of files of this package, by path, as they go into a new project */
export function packaged(...files: string[]): Record<string, string> {
    return Object.fromEntries(
        files.map(file => [file, readFileSync(join(PACKAGE, file), "utf8")])
    )
}
