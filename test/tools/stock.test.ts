/** The echo program on the tool chain's own simulator, by the tool chain's own command. */
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { stripVTControlCharacters } from "node:util"
import { readConfig } from "../../tools/project/config.ts"
import { moduleOf } from "../../tools/project/generate.ts"
import { once } from "../wire/wait.ts"
import { copyOfProject } from "./project-copy.ts"

const SUMMARY = /summary sent=3 right=3 wrong=0 lost=0 late=0 reconnects=0 /

/** Lines of text, and waiting for one. */
class Lines {
    private readonly lines: string[] = []
    private heard = () => {}

    add(text: string) {
        this.lines.push(...stripVTControlCharacters(text).split("\n"))
        this.heard()
    }

    /** Waits for a line. @param end makes the waiting vain */
    async expect(pattern: RegExp, end: Promise<unknown>): Promise<void> {
        const ended = end.then(() => {
            throw new Error(`expected ${pattern} in\n${this.lines.join("\n")}`)
        })
        const found = new Promise<void>(resolve => {
            this.heard = () =>
                this.lines.some(line => pattern.test(line)) && resolve()
            this.heard()
        })
        await Promise.race([found, ended])
    }
}

/** Starts a command of the tool chain, which ends with the test. */
function start(t: TestContext, cwd: string, ...args: string[]) {
    const child = spawn(
        process.execPath,
        ["node_modules/@devicescript/cli/devicescript", ...args],
        { cwd, stdio: ["ignore", "pipe", "pipe"] }
    )
    const lines = new Lines()
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", text => lines.add(text))
    const ended = once(child, "close")
    t.after(async () => {
        child.kill()
        await ended
    })
    return { lines, ended }
}

test("devs run, with a garbage collection at every allocation: the configuration in the program", async t => {
    const { folder, url } = await copyOfProject(t)
    const config = { ...readConfig("."), url, count: 3, interval: 10 }
    writeFileSync(join(folder, "src/app/config.generated.ts"), moduleOf(config))
    const { lines, ended } = start(
        t,
        folder,
        ...["run", "src/main.ts", "--test", "--test-self-exit"],
        ...["--test-timeout", "60000"]
    )
    await lines.expect(SUMMARY, ended)
    await lines.expect(/closed 1000 ""/, ended)
})
