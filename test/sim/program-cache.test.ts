/** Compiled programs on disk. */
import assert from "node:assert/strict"
import {
    cpSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    rmSync,
    utimesSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { compile, compileSource } from "../../sim/program.ts"

/** A project in a folder of its own. */
function project(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), "cache-"))
    t.after(() => rmSync(folder, { recursive: true }))
    mkdirSync(join(folder, "node_modules"))
    writeFileSync(join(folder, "devsconfig.json"), "{}")
    const entry = join(folder, "main.ts")
    writeFileSync(entry, `import { a } from "./part"\nconsole.log(a)`)
    writeFileSync(join(folder, "part.ts"), `export const a = "first"`)
    const records = join(folder, "node_modules/.cache/devicescript-websocket")
    /** Compiles the entry as another process would. @returns whether it had to */
    const compiles = async () => {
        let waited = false
        // this process remembers what it has compiled; a query makes another module of it
        const url = new URL(
            `../../sim/program.ts?${Math.random()}`,
            import.meta.url
        )
        const other = (await import(url.href)) as { compile: typeof compile }
        other.compile(entry, () => (waited = true))
        return waited
    }
    return { folder, entry, records, compiles }
}

test("a program is compiled once, and again when a file that it consists of changes", async t => {
    const { folder, entry, compiles } = project(t)
    compile(entry)
    assert.equal(await compiles(), false)
    writeFileSync(join(folder, "part.ts"), `export const a = "second"`)
    assert.equal(await compiles(), true)
    assert.equal(await compiles(), false)
})

test("a record that is damaged is as good as none", async t => {
    const { entry, records, compiles } = project(t)
    compile(entry)
    const [record] = readdirSync(records)
    writeFileSync(join(records, record), '{"files":[')
    assert.equal(await compiles(), true)
    assert.equal(await compiles(), false)
})

test("of the compiled programs those that were not used for long go", async t => {
    const { entry, records, compiles } = project(t)
    compile(entry)
    const [first] = readdirSync(records)
    const record = join(records, first)
    for (let n = 0; n < 350; n++) {
        const copy = join(records, `${n}.json`)
        cpSync(record, copy)
        utimesSync(copy, n, n)
    }
    utimesSync(record, 1000, 1000)
    assert.equal(await compiles(), false, "used, so it is the newest")
    compileSource(`console.log("one more")`, join(entry, "../more.ts"))
    const left = readdirSync(records)
    assert.equal(left.length, 300)
    assert.ok(left.includes(first))
    assert.ok(!left.includes("0.json"))
    assert.ok(left.includes("349.json"))
})
