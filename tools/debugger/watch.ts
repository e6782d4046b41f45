/** Tells when a file is saved. */
import { watch, type FSWatcher } from "node:fs"
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
 * @param files relative to the project
 * @param changed gets the file's path
 * @returns ends it
 */
export function watchFiles(
    files: string[],
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
    const watchers = [...folders].map((folder): FSWatcher =>
        watch(folder, (_event, name) => {
            const path = resolve(folder, name ?? "")
            if (!paths.has(path)) return
            clearTimeout(timer)
            timer = setTimeout(() => changed(path), SETTLE)
        })
    )
    return () => {
        clearTimeout(timer)
        for (const watcher of watchers) watcher.close()
    }
}
