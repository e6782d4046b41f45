/** A copy of the program in a folder of its own, for the tool chain to find its configuration there. */
import {
    cpSync,
    mkdirSync,
    mkdtempSync,
    realpathSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { startServer } from "../../server/server.ts"

/** A copy of the project and a server for it. @returns its folder, and the server's URL */
export async function copyOfProject(t: TestContext) {
    const server = await startServer({ port: 0 })
    t.after(() => server.close())
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "stock-")))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    cpSync("src", join(folder, "src"), { recursive: true })
    writeFileSync(join(folder, "devsconfig.json"), "{}")
    writeFileSync(join(folder, "package.json"), '{ "name": "copy" }')
    const scope = join(folder, "node_modules/@devicescript")
    mkdirSync(scope, { recursive: true })
    const cli = realpathSync("node_modules/@devicescript/cli")
    symlinkSync(cli, join(scope, "cli"), "junction")
    return { folder, url: server.url }
}
