/** The library as others get it: packed, installed into a fresh project, imported by its name. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"
import { startServer } from "../../server/server.ts"
import { Board } from "../../sim/board.ts"
import type { Program } from "../../sim/program.ts"
import { installPacked } from "../wire/installed.ts"

const run = promisify(execFile)

let temporary = ""
let project = ""
/** Paths in the package. */
let packed: string[] = []

before(async () => {
    ;({ temporary, project, packed } = await installPacked())
    mkdirSync(join(project, "src"))
    writeFileSync(join(project, "devsconfig.json"), "{}")
})

after(() => rmSync(temporary, { recursive: true, force: true }))

/** Writes a program into the project. @returns the path of its file in there */
function write(name: string, source: string): string {
    const entry = `src/${name}.ts`
    writeFileSync(join(project, entry), source)
    return entry
}

/** Builds a program by the tool chain's own command. */
async function build(entry: string): Promise<Program> {
    const cli = "node_modules/@devicescript/cli/devicescript"
    await run(process.execPath, [cli, "build", entry], { cwd: project })
    const built = join(project, ".devicescript/bin/bytecode")
    return {
        entry,
        folder: project,
        bytecode: readFileSync(`${built}.devs`),
        debug: JSON.parse(readFileSync(`${built}-dbg.json`, "utf8")),
        settings: {},
    }
}

/** The library's files: what its front door imports, and what that imports. */
function reachable(path = "src/index.ts", found = new Set<string>()) {
    if (found.has(path)) return found
    found.add(path)
    const text = readFileSync(path, "utf8")
    for (const [, file] of text.matchAll(
        /^(?:import|export)\b[^"]*"(\.[^"]+)"/gm
    ))
        reachable(`${normalize(join(dirname(path), file))}.ts`, found)
    return found
}

test("the package has the library and the commands, and no echo program, tests or generated modules", () => {
    const library = reachable()
    const others = ["package.json", "devsconfig.json", "LICENSE", "README.md"]
    const missing = [...library, ...others].filter(
        path => !packed.includes(path)
    )
    assert.deepEqual(missing, [])
    const surplus = packed.filter(path =>
        /^(src\/(app|main)|sim\/device\/(?!(sim|spi)-bus|tsconfig)|test|bench)|\.generated\.ts$/.test(
            path
        )
    )
    assert.deepEqual(surplus, [])
})

test("links and pictures of its README lead to what is in the package", () => {
    const text = readFileSync("README.md", "utf8")
    const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, link]) => link)
    const own = links.filter(link => !/^https:/.test(link))
    assert.ok(own.length > 10)
    assert.deepEqual(
        own.filter(link => !packed.includes(link)),
        []
    )
})

test("npm has nothing to run when it is installed", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"))
    for (const hook of ["preinstall", "install", "postinstall", "prepare"])
        assert.ok(!(hook in scripts), hook)
})

test("a fresh project imports it by its name, builds it, and exchanges a message", async t => {
    const server = await startServer({ port: 0 })
    t.after(() => server.close())
    const entry = write(
        "main",
        `import { connect } from "devicescript-websocket"
        import { readSetting } from "@devicescript/settings"
        const ws = await connect(await readSetting("URL", ""))
        await ws.send("hello")
        console.log("reply " + (await ws.recv()).text())
        await ws.close(1000)
        console.log("closed")`
    )
    const settings = { URL: server.url }
    const board = await Board.start(await build(entry), { settings })
    t.after(() => board.stop())
    await board.expect("reply olleh")
    await board.expect("closed")
})

test("all that the front door names is there, and to import it does nothing", async t => {
    const door = readFileSync("src/index.ts", "utf8")
    const exported = (pattern: RegExp) =>
        [...door.matchAll(pattern)].flatMap(([, list]) =>
            list.split(",").map(name => name.trim())
        )
    const names = exported(/^export \{([^}]*)\}/gm).filter(Boolean)
    const types = exported(/^export type \{([^}]*)\}/gm).filter(Boolean)
    // all of them together are more code than an image can have
    const SHARE = 12
    for (let from = 0; from < names.length; from += SHARE) {
        const some = names.slice(from, from + SHARE)
        const entry = write(
            "import",
            `import { ${[...new Set([...some, "sleep"])].join(", ")} } from "devicescript-websocket"
            import type { ${types.join(", ")} } from "devicescript-websocket"
            await sleep(50)
            const all: any[] = [${some.join(", ")}]
            console.log("imported " + all.filter(item => item !== undefined).length)`
        )
        const board = await Board.start(join(project, entry))
        t.after(() => board.stop())
        board.link.on("open", () => assert.fail("it dialed"))
        await board.expect(`imported ${some.length}`)
        const lines = board.log.filter(({ level }) => level !== "system")
        assert.equal(lines.length, 1)
    }
})
