/** What the documentation names of this project's files is there. */
import assert from "node:assert/strict"
import { existsSync, readFileSync, readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { test } from "node:test"

const PATH =
    /`((?:\.ci|\.vscode|bench|boards|docs|examples|lib|server|sim|src|test|tools)\/[\w./*-]*)`/g

const PAGES = [
    ...["README.md", "CONTRIBUTING.md"],
    ...readdirSync("docs")
        .filter(name => name.endsWith(".md"))
        .map(name => join("docs", name)),
]

/** @param path may have a `*` in its last part */
function isThere(path: string): boolean {
    if (!path.includes("*")) return existsSync(path)
    const [start, end] = basename(path).split("*")
    const folder = dirname(path)
    return (
        existsSync(folder) &&
        readdirSync(folder).some(
            name => name.startsWith(start) && name.endsWith(end)
        )
    )
}

for (const page of PAGES)
    test(`every file that ${page} names is there`, () => {
        const text = readFileSync(page, "utf8")
        const named = [...text.matchAll(PATH)].map(([, path]) => path)
        assert.deepEqual(
            named.filter(path => !isThere(path)),
            []
        )
    })

test("the README is one page, and its npm scripts are there", () => {
    const text = readFileSync("README.md", "utf8")
    assert.ok(Buffer.byteLength(text) <= 16384)
    assert.ok(text.split("\n").length <= 200)
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"))
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(m => m[1])
    assert.ok(named.length > 5)
    assert.deepEqual(
        named.filter(name => !(name in scripts)),
        []
    )
})
