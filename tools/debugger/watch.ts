/** Tells when a file is saved. */
import { statSync, watch, type FSWatcher } from "node:fs"
import { dirname, resolve } from "node:path"
import { PROJECT } from "../project/folder.ts"

/** An editor writes a file in several steps; they are one change, in milliseconds. */
const SETTLE = 200
/** What the program is made of besides its sources. */
const CONFIGURATION = ["devs.json", ".env.defaults", ".env.local"]
/** What the build itself writes. */
const MADE = /\.generated\.ts$/

/**
 * Watches the sources of a program and its configuration. Folders are watched, not files: many an editor replaces a file.
 * @param files absolute, or relative to the project
 * @param since milliseconds since 1970: what was saved after that counts, too
 * @param changed gets the file's path
 * @returns ends it
 */
export function watchFiles(
    files: string[],
    since: number,
    changed: (path: string) => void
): () => void {
    const paths = new Set(
        [...files, ...CONFIGURATION]
            .filter(file => !MADE.test(file))
            .map(file => resolve(PROJECT, file))
            .filter(path => !path.includes("node_modules"))
    )
    const folders = new Set([...paths].map(path => dirname(path)))
    let timer: NodeJS.Timeout | undefined
    const settle = (path: string) => {
        clearTimeout(timer)
        timer = setTimeout(() => changed(path), SETTLE)
    }
    const watchers = [...folders].map((folder): FSWatcher =>
        watch(folder, (_event, name) => {
            const path = resolve(folder, name ?? "")
            if (paths.has(path)) settle(path)
        })
    )
    const late = [...paths].find(path => savedAt(path) > since)
    if (late !== undefined) settle(late)
    return () => {
        clearTimeout(timer)
        for (const watcher of watchers) watcher.close()
    }
}

/** @returns milliseconds since 1970; 0 for a file that is not there */
function savedAt(path: string): number {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
