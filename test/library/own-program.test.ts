/** A program of a user's own, in a new folder, with nothing but the packed file. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    realpathSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test, type TestContext } from "node:test"
import { promisify } from "node:util"
import { Process } from "../../lib/processes.ts"

const run = promisify(execFile)
const MAIN = "node_modules/devicescript-websocket/tools/main.mjs"

let temporary = ""
let project = ""

before(async () => {
    temporary = realpathSync(mkdtempSync(join(tmpdir(), "own-")))
    project = join(temporary, "project")
    mkdirSync(project)
    const { stdout } = await run("npm", [
        ...["pack", "--json", "--ignore-scripts"],
        ...["--pack-destination", temporary],
    ])
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
    writeFileSync(join(project, "package.json"), '{ "name": "own" }')
    const packed = join(temporary, filename)
    const install = ["install", "--prefer-offline", packed]
    await run("npm", install, { cwd: project })
    await command("init")
})

after(() => rmSync(temporary, { recursive: true, force: true }))

function command(...args: string[]) {
    return run(process.execPath, [MAIN, ...args], { cwd: project })
}

function start(t: TestContext, ...args: string[]): Process {
    const started = new Process(process.execPath, [MAIN, ...args], {
        cwd: project,
    })
    t.after(() => started.stop().catch(() => {}))
    return started
}

test("init overwrites nothing", async () => {
    await assert.rejects(command("init"), /devs\.json.*are there already/)
})

test("sim runs it against serve, and again when it is saved", async t => {
    const serve = start(t, "serve", "--port", "0")
    const [url] = await serve.shows(/ws:\/\/\S+/)
    const sim = start(t, "sim", "--url", url)
    await sim.shows(/1 gnidaer/)
    await sim.shows(/deployed in/)
    const file = join(project, "src/main.ts")
    const text = readFileSync(file, "utf8")
    writeFileSync(file, text.replace("reading", "value"))
    await sim.shows(/src\/main\.ts was saved/)
    await sim.shows(/1 eulav/)
})

test("bundle makes an image of it for an ESP32-C3", async () => {
    const cache = join(project, ".devicescript/cache")
    mkdirSync(cache, { recursive: true })
    // stands in for the firmware
    const firmware = "devicescript-esp32c3-esp32c3_bare-0x0.bin"
    writeFileSync(join(cache, firmware), Buffer.alloc(0x1000, 0xff))
    const { stdout } = await command("bundle")
    assert.match(stdout, /for ESP32-C3/)
    assert.ok(existsSync(join(project, "built/esp32c3_devkitm-0x0.bin")))
})
