import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { Process } from "../../lib/processes.ts"

const MAIN = join(process.cwd(), "tools/main.mjs")

/** A project of a user's, with a `python3` that has no esptool. */
function project(t: TestContext, files: Record<string, string>): string {
    const folder = mkdtempSync(join(tmpdir(), "doctor-"))
    t.after(() => rmSync(folder, { recursive: true }))
    mkdirSync(join(folder, "src"))
    mkdirSync(join(folder, "bin"))
    for (const [path, text] of Object.entries(files))
        writeFileSync(join(folder, path), text)
    const python = join(folder, "bin/python3")
    writeFileSync(python, "#!/bin/sh\nexit 1\n", { mode: 0o755 })
    return folder
}

function run(folder: string, command: string) {
    const env = { ...process.env, PATH: join(folder, "bin") }
    const options = { cwd: folder, env }
    return new Process(process.execPath, [MAIN, command], options).end()
}

const PROGRAM = { "src/main.ts": "", "devsconfig.json": "{}" }

test("doctor names what is missing, and what is to be known", async t => {
    const folder = project(t, {
        ...PROGRAM,
        "devs.json": '{ "program": "src/main.ts", "board": "esp32c3_bare" }',
        ".env.local": 'URL="ws://192.0.2.1:8000/ws"\n',
    })
    const { code, output } = await run(folder, "doctor")
    assert.equal(code, 1)
    assert.match(output, /ok {3}Node v/)
    assert.match(output, /BAD {2}esptool.*pip install esptool/)
    assert.match(output, /note no SSID/)
    assert.match(output, /note the server ws:\/\/192\.0\.2\.1.*another comp/)
    assert.match(output, /note the firmware is fetched/)
    assert.match(output, /BAD {2}expected a list of .* serial ports/)
    assert.doesNotMatch(output, /\n {4}at /)
})

test("doctor shows what is wrong with the project, by its line", async t => {
    const folder = project(t, { ...PROGRAM, "devs.json": '{\n"bord": "x" }' })
    const { code, output } = await run(folder, "doctor")
    assert.equal(code, 1)
    assert.match(output, /BAD {2}devs\.json:2: "bord".*did you mean "board"/)
})

test("flash says that esptool is missing before it compiles", async t => {
    const folder = project(t, {
        ...PROGRAM,
        "devs.json": '{ "program": "src/main.ts", "board": "esp32c3_bare" }',
    })
    const { code, output } = await run(folder, "flash")
    assert.equal(code, 1)
    assert.match(output, /pip install esptool/)
    assert.doesNotMatch(output, /The image|compiling/)
})
