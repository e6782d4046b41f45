/**
 * From power-on to the first reversed message, however late the Wi-Fi comes: README's example, as it stands there, and the
 * echo program. The board's time goes faster here.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { startServer } from "../../server/server.ts"
import { Board, type BoardOptions } from "../../sim/board.ts"
import { compileSource, type Program } from "../../sim/program.ts"
import { clock } from "../../sim/vm.ts"

const ROOT = join(import.meta.dirname, "../..")
const HOME = { ssid: "home", password: "secret" }

clock.pace = 10

async function serve(t: TestContext) {
    const server = await startServer({ mode: "reverse", port: 0 })
    t.after(() => server.close())
    return server
}

/** Runs a program until it logs `wanted`, without a panic. */
async function firstContact(
    t: TestContext,
    program: string | Program,
    options: BoardOptions,
    wanted: string
) {
    const board = await Board.start(program, options)
    t.after(() => board.stop())
    const died = board.exited.then(({ name }) => {
        throw new Error(`the program ended: ${name}`)
    })
    await Promise.race([board.expect(wanted, 60_000), died])
    const log = board.log.map(({ text }) => text)
    assert.ok(log.some(text => text.includes("waiting for the network")))
}

for (const seconds of [0, 7, 60]) {
    const after = 1000 * seconds

    test(`README's example, in a network that comes after ${seconds} s`, async t => {
        const { port } = await serve(t)
        const text = readFileSync(join(ROOT, "README.md"), "utf8")
        const [, example] = /^```ts\n(.*?)^```$/ms.exec(text)!
        const source = example
            .replaceAll("192.168.1.20:8000", `127.0.0.1:${port}`)
            .replaceAll('"devicescript-websocket"', '"./src"')
        await firstContact(
            t,
            compileSource(source, join(ROOT, "readme.ts")),
            { wifi: { ...HOME, known: HOME, after } },
            "1 gnidaer"
        )
    })

    test(`the echo program, in a network that comes after ${seconds} s`, async t => {
        const { url } = await serve(t)
        const settings = { URL: url, SSID: HOME.ssid, PASSWORD: HOME.password }
        await firstContact(
            t,
            "src/main.ts",
            { settings, wifi: { ...HOME, after } },
            'right 1 "1 olleH"'
        )
    })
}
