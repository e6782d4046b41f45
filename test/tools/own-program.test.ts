/** A program of a user's own, in a new folder, with nothing but the packed file. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import {
    cpSync,
    existsSync,
    mkdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { after, before, test, type TestContext } from "node:test"
import { promisify } from "node:util"
import { Process } from "../../lib/processes.ts"
import { Questions } from "../../tools/project/questions.ts"
import { installPacked } from "../wire/installed.ts"
import { turnAtToolChainPorts } from "../wire/tool-chain-ports.ts"
import { DebugClient, lineOf } from "./debug-client.ts"

const run = promisify(execFile)
const MAIN = "node_modules/devicescript-websocket/tools/main.mjs"

/** A program over a modem, on a board that has no such pins. */
const MODEM = `import { pins } from "@dsboard/w5500_evb_pico"
import { readSetting } from "@devicescript/settings"
import { connectOver, simcom, startModem } from "devicescript-websocket"
const { MISO: miso, MOSI: mosi, SCK: sck, CS: cs } = pins
const dial = startModem({ miso, mosi, sck, cs, dialect: simcom() })
const connection = await connectOver(dial, await readSetting("URL", ""))
await connection.send("hello")
console.log((await connection.recv()).text())
`

let temporary = ""
let project = ""
/** The same for a board with a W5500. */
let wired = ""

before(async () => {
    ;({ temporary, project } = await installPacked())
    wired = join(temporary, "wired")
    cpSync(project, wired, { recursive: true, verbatimSymlinks: true })
    await command(project, "init")
    await command(wired, "init", "--network", "ethernet")
    await turnAtToolChainPorts()
})

after(() => rmSync(temporary, { recursive: true, force: true }))

function command(cwd: string, ...args: string[]) {
    return run(process.execPath, [MAIN, ...args], { cwd })
}

function start(t: TestContext, ...args: string[]): Process {
    return startIn(project, t, ...args)
}

function startIn(cwd: string, t: TestContext, ...args: string[]): Process {
    const started = new Process(process.execPath, [MAIN, ...args], { cwd })
    t.after(() => started.stop().catch(() => {}))
    return started
}

/** Stands in for firmware that there is no way to fetch. */
function putFirmware(folder: string, name: string, content: Buffer) {
    const cache = join(folder, ".devicescript/cache")
    mkdirSync(cache, { recursive: true })
    writeFileSync(join(cache, name), content)
}

/** One block at the beginning of the flash memory. */
function uf2(): Buffer {
    const block = Buffer.alloc(512)
    block.writeUInt32LE(0x0a324655, 0)
    block.writeUInt32LE(0x9e5d5157, 4)
    block.writeUInt32LE(0x10000000, 12)
    block.writeUInt32LE(256, 16)
    block.writeUInt32LE(1, 24)
    block.writeUInt32LE(0x0ab16f30, 508)
    return block
}

test("init overwrites nothing", async () => {
    await assert.rejects(command(project, "init"), /devs\.json.*there already/)
})

test("what init asks is answered by a number, a name, or nothing", async () => {
    const input = new PassThrough()
    const output = new PassThrough().setEncoding("utf8")
    const questions = new Questions(input, output)
    const choices: ["a" | "b", string][] = [
        ["a", "one"],
        ["b", "another"],
    ]
    const answers = async () => [
        await questions.choose("Which?", choices),
        await questions.choose("Which?", choices),
        await questions.choose("Which?", choices),
        await questions.text("What?", "that"),
    ]
    const given = answers()
    // lines that come before their question are lost
    const asked = async (text: string, answer: string) => {
        for await (const shown of output.iterator({ destroyOnReturn: false }))
            if (String(shown).endsWith(text)) break
        input.write(answer)
    }
    await asked("[1] ", "2\n")
    await asked("[1] ", "c\n")
    await asked("[1] ", "a\n")
    await asked("[1] ", "\n")
    await asked("[that] ", "\n")
    assert.deepEqual(await given, ["b", "a", "a", "that"])
    questions.close()
})

test("sim runs it against serve, and again when it is saved, however soon", async t => {
    const serve = start(t, "serve", "--port", "0")
    const [url] = await serve.shows(/ws:\/\/\S+/)
    const sim = start(t, "sim", "--url", url)
    const file = join(project, "src/main.ts")
    const text = readFileSync(file, "utf8")
    await sim.shows(/1 gnidaer/)
    writeFileSync(file, text.replace("reading", "value"))
    await sim.shows(/src\/main\.ts was saved/)
    await sim.shows(/1 eulav/)
    writeFileSync(file, text)
})

test("Ctrl-C while sim builds ends it without a word", async () => {
    const sim = new Process(process.execPath, [MAIN, "sim"], {
        cwd: project,
        detached: true,
    })
    await sim.shows(/^server ws:.*\n/m)
    const { code, output } = await sim.stop("SIGINT")
    assert.equal(code, 0, output)
    assert.match(output, /^server ws:[^\n]*\n$/)
})

test("sim has a W5500 for it, and again when it was mended", async t => {
    const file = join(wired, "src/main.ts")
    const text = readFileSync(file, "utf8")
    writeFileSync(file, text.replace("await startW5500", "await startW5501"))
    const sim = startIn(wired, t, "sim")
    await sim.shows(/src\/main\.ts:\d+:\d+: .*startW5501/)
    writeFileSync(file, text)
    await sim.shows(/1 gnidaer/)
})

test("sim has another network's chips for it when it is told so", async t => {
    const modem = "src/main-modem.ts"
    writeFileSync(join(wired, modem), MODEM)
    const sim = startIn(wired, t, "sim", modem, "--network", "cellular")
    await sim.shows(/modem: address/)
    await sim.shows(/olleh/)
})

test("F5 stops at a breakpoint in it, and shows its variables", async t => {
    const { client } = DebugClient.adapter([MAIN, "debug"], project)
    t.after(() => client.abandon())
    const launch = JSON.parse(
        readFileSync(join(project, ".vscode/launch.json"), "utf8")
    ) as { configurations: object[] }
    const file = join(project, "src/main.ts")
    const line = lineOf(file, "if (reply)")
    await client.launch(launch.configurations[0], [file, [line]])
    const { threadId, reason } = await client.event("stopped")
    assert.equal(reason, "breakpoint")
    const [frame] = await client.stack(threadId)
    assert.equal(frame.line, line)
    assert.equal(frame.source.path, file)
    const n = { expression: "n", frameId: frame.id, context: "hover" }
    assert.equal((await client.ask("evaluate", n)).result, "1")
    await client.ask("disconnect")
})

test("F5 on it with a W5500 is refused with a reason", async t => {
    const { client } = DebugClient.adapter([MAIN, "debug"], wired)
    t.after(() => client.abandon())
    await assert.rejects(client.launch({}), /runs, but cannot be debugged/)
})

test("the extension of the project's folder finds the adapter", () => {
    const extension = ".vscode/extensions/devicescript/extension.js"
    const text = readFileSync(join(project, extension), "utf8")
    assert.ok(text.includes(`"${MAIN}"`))
    const { tasks } = JSON.parse(
        readFileSync(join(project, ".vscode/tasks.json"), "utf8")
    ) as { tasks: { script: string }[] }
    const { scripts } = JSON.parse(
        readFileSync(join(project, "package.json"), "utf8")
    )
    assert.ok(tasks.length > 3)
    for (const { script } of tasks) assert.ok(script in scripts, script)
})

test("bundle makes an image of it for an ESP32-C3", async () => {
    putFirmware(
        project,
        "devicescript-esp32c3-esp32c3_bare-0x0.bin",
        Buffer.alloc(0x1000, 0xff)
    )
    const { stdout } = await command(project, "bundle")
    assert.match(stdout, /note: no SSID.*\n(.*\n)*.*for ESP32-C3/)
    assert.ok(existsSync(join(project, "built/esp32c3_devkitm-0x0.bin")))
})

test("bundle makes an image for a W5500-EVB-Pico", async () => {
    putFirmware(wired, "devicescript-rp2040-pico.uf2", uf2())
    const { stdout } = await command(wired, "bundle")
    assert.match(stdout, /for WIZnet W5500-EVB-Pico/)
    const image = readFileSync(join(wired, "built/w5500_evb_pico.uf2"))
    assert.ok(image.includes("reading"), "the program is in it")
})

test("a mistake in devs.json is told by its line, without a stack", async () => {
    const file = join(wired, "devs.json")
    const text = readFileSync(file, "utf8")
    writeFileSync(file, text.replace('"network"', '"netwrok"'))
    const { code, stderr } = (await command(wired, "build").catch(
        (error: unknown) => error
    )) as { code: number; stderr: string }
    assert.equal(code, 1)
    assert.match(stderr, /devs\.json:4: "netwrok".*did you mean "network"/)
    assert.doesNotMatch(stderr, /\n {4}at /)
    writeFileSync(file, text)
})
