/** The whole way in the real editor: from the folder to a program that stops at a breakpoint. */
import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { after, before, describe, test, type TestContext } from "node:test"
import { turnAtToolChainPorts } from "../wire/tool-chain-ports.ts"
import { once } from "../wire/wait.ts"
import { Editor } from "./editor.ts"

const APP = "src/app/app.ts"
const CONSOLE = ".repl .monaco-list-row"
const STOPPED = ".debug-top-stack-frame-line"
const VARIABLES = ".debug-variables .monaco-list-row"
/** The dev server's ports. */
const PORTS = [8081, 8082, 8083]

/** What the product promises from F5 to the first exchange, in milliseconds; a busy machine may take some times as long. */
const PROMISE = 15_000

describe("the editor", () => {
    let editor: Editor
    let path: string
    let source: string
    const lineOf = (text: string) => {
        const index = source.split("\n").findIndex(line => line.includes(text))
        assert.ok(index >= 0, `expected ${text} in ${APP}`)
        return index + 1
    }
    /** A test that leaves a picture of what it failed at. */
    const step = (name: string, action: (t: TestContext) => Promise<void>) =>
        test(name, t =>
            action(t).catch(async error => {
                await editor.picture("failed")
                throw error
            })
        )
    before(async () => {
        await turnAtToolChainPorts()
        editor = await Editor.open()
        path = join(editor.folder, APP)
        source = readFileSync(path, "utf8")
    })
    after(() => editor?.close())

    step(
        "trusts the folder and takes the extension that lies in it",
        async () => {
            await editor.click(/Yes, I trust/)
            await editor.run("Extensions: Show Recommended Extensions")
            await editor.shows(".extension-list-item", "DeviceScript")
            await editor.picture("extension")
            await editor.click(/^Install Workspace Extension/)
            await editor.shows(".extension-editor", "Uninstall")
            await editor.picture("installed")
            await editor.run("View: Close All Editors")
        }
    )

    step("F5 brings the first exchange", async t => {
        await editor.goTo(`${APP}:1`)
        const start = performance.now()
        await editor.press("F5")
        await editor.shows(CONSOLE, /right 1 "1 olleH"/)
        const seconds = (performance.now() - start) / 1000
        t.diagnostic(
            `from F5 to the first exchange: ${seconds.toFixed(1)} s of ${PROMISE / 1000}`
        )
        await editor.picture("running")
    })

    step(
        "a breakpoint set meanwhile is hit, with the message in the variables",
        async () => {
            await editor.goTo(`${APP}:${lineOf("const reply = text ===")}`)
            await editor.press("F9")
            await editor.shows(STOPPED, "")
            await editor.shows(VARIABLES, /text\s*=\s*"\d+ olleH"/)
            await editor.picture("breakpoint")
        }
    )

    step("hovering over a name shows its value", async () => {
        await editor.hover("message")
        await editor.shows(".debug-hover-widget", /\{…\d+…\}/)
        await editor.picture("hover")
    })

    step(
        "a step goes to the next statement, and on it runs until the next message",
        async () => {
            await editor.press("F10")
            await editor.shows(VARIABLES, /reply\s*=\s*"\\"\d+ olleH\\""/)
            await editor.picture("step")
            const shown = (await editor.text(VARIABLES)).join(" ")
            const n = Number(/text\s*=\s*"(\d+) olleH"/.exec(shown)![1])
            await editor.press("F5")
            await editor.shows(VARIABLES, `"${n + 1} olleH"`)
            await editor.shows(CONSOLE, `right ${n} "${n} olleH"`)
        }
    )

    step("it restarts", async () => {
        await editor.press("Control+Shift+F5")
        await editor.shows(VARIABLES, /text\s*=\s*"1 olleH"/)
        await editor.picture("restarted")
        assert.doesNotMatch((await editor.text(CONSOLE)).join(), /SRV:|VSCode:/)
    })

    step("it stops, and leaves no dev server behind", async () => {
        await editor.press("Shift+F5")
        await editor.vanishes(".debug-toolbar")
        for (const port of PORTS) await expectFree(port)
    })

    step("a compile error appears among the problems", async () => {
        const wrong = source.replace("new App(options).run", "new App(opt).run")
        writeFileSync(path, wrong)
        await editor.press("F5")
        await editor.shows(".monaco-dialog-box", /does not compile/)
        await editor.picture("does-not-compile")
        await editor.press("Escape")
        const line = lineOf("new App(options).run")
        await editor.shows(
            ".markers-panel .monaco-list-row",
            new RegExp(`Cannot find name 'opt'.*DeviceScript.*Ln ${line},`)
        )
        await editor.picture("problems")
    })
})

async function expectFree(port: number) {
    const probe = createServer().listen(port, "127.0.0.1")
    await once(probe, "listening")
    await new Promise(closed => probe.close(closed))
}
