/** The examples in the documentation compile, run on the simulated board, and log what their comments say. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { startServer, type Server } from "../../server/server.ts"
import { Board } from "../../sim/board.ts"
import { compileSource } from "../../sim/program.ts"

const ROOT = join(import.meta.dirname, "../..")
const PAGES = ["README.md", "docs/api.md"]

function examplesOf(page: string): string[] {
    const text = readFileSync(join(ROOT, page), "utf8")
    return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(m => m[1])
}

let server: Server
before(async () => {
    server = await startServer({
        mode: "reverse",
        port: 0,
        subprotocols: ["v1.sensors"],
    })
})
after(() => server.close())

/** What `console.log(…) // text` says that it logs. */
function promised(source: string): string[] {
    return [...source.matchAll(/console\.log\(.*\/\/ (.+)$/gm)].map(m => m[1])
}

test("there are examples", () =>
    assert.ok(PAGES.flatMap(examplesOf).length >= 8))

for (const [page, example] of PAGES.flatMap(page =>
    examplesOf(page).map(example => [page, example])
))
    test(`${page}: ${promised(example).join(", ")}`, async () => {
        const expected = promised(example)
        assert.ok(expected.length > 0, "says what it logs")
        const source = example
            .replaceAll("192.168.1.20:8000", `127.0.0.1:${server.port}`)
            .replaceAll('"devicescript-websocket"', '"./src"')
        const board = await Board.start(
            compileSource(source, join(ROOT, "readme.ts"))
        )
        try {
            for (const text of expected) await board.expect(text, 20_000)
        } finally {
            await board.stop()
        }
        const errors = board.log.filter(({ level }) => level === "error")
        assert.deepEqual(errors, [])
    })
