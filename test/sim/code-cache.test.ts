import assert from "node:assert/strict"
import {
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { runCached } from "../../sim/code-cache.ts"

test("a text runs with its arguments, whatever is in its cache", t => {
    const folder = mkdtempSync(join(tmpdir(), "code-"))
    t.after(() => rmSync(folder, { recursive: true }))
    const cache = join(folder, "below/code.bin")
    const run = (body: string, file = cache) =>
        runCached(body, { a: 2, b: 3 }, "test", file)

    assert.equal(run("return a + b"), 5)
    assert.ok(existsSync(cache))
    assert.equal(run("return a + b"), 5, "from the cache")

    const damaged = join(folder, "damaged.bin")
    writeFileSync(damaged, "nonsense")
    assert.equal(run("return a * b", damaged), 6, "a damaged cache")
    assert.notEqual(readFileSync(damaged, "latin1"), "nonsense")
    assert.equal(run("return b - a", join(cache, "no-folder")), 1)
})
