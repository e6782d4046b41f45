/** JavaScript as V8 has compiled it, kept on disk: a large bundle then starts in a third of the time. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { Script } from "node:vm"

/**
 * Runs a function's body.
 * @param body its source text
 * @param scope its arguments by their names
 * @param filename where the text comes from
 * @param cache the file for what V8 makes of it. V8 checks that it is whole and its own, but of the text only the
 *     length: its name has to change with the text
 */
export function runCached(
    body: string,
    scope: Record<string, unknown>,
    filename: string,
    cache: string
): unknown {
    const cachedData = read(cache)
    const source = `(function (${Object.keys(scope).join(", ")}) {${body}\n})`
    const script = new Script(source, { filename, cachedData })
    const result = script.runInThisContext()(...Object.values(scope))
    // afterwards, for what has run is compiled by now
    if (!cachedData || script.cachedDataRejected)
        write(cache, script.createCachedData())
    return result
}

function read(file: string): Buffer | undefined {
    try {
        return readFileSync(file)
    } catch {
        return undefined
    }
}

/** A folder that cannot be written to means only that there is no cache. */
function write(file: string, data: Buffer): void {
    const temporary = `${file}.${process.pid}`
    try {
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(temporary, data)
        renameSync(temporary, file)
    } catch {
        return
    }
}
