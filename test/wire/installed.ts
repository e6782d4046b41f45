/** This package as others get it. */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/**
 * Packs it, and installs it into a new project.
 * @returns a temporary folder, the project in there, and the paths of what is packed
 */
export async function installPacked() {
    const temporary = realpathSync(mkdtempSync(join(tmpdir(), "packed-")))
    const { stdout } = await run("npm", [
        ...["pack", "--json", "--ignore-scripts"],
        ...["--pack-destination", temporary],
    ])
    const [{ filename, files }] = JSON.parse(stdout) as [
        { filename: string; files: { path: string }[] },
    ]
    const project = join(temporary, "project")
    mkdirSync(project)
    writeFileSync(join(project, "package.json"), '{ "name": "fresh" }')
    const install = ["install", "--prefer-offline", join(temporary, filename)]
    await run("npm", install, { cwd: project })
    return { temporary, project, packed: files.map(({ path }) => path) }
}
