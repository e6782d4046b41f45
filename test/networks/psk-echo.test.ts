/** The whole echo program with the setting PSK, against this project's server with --psk-file. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { startServer } from "../../server/server.ts"
import { Board } from "../../sim/board.ts"
import { compilePatched } from "../../sim/program.ts"
import type { Network } from "../../tools/project/config.ts"
import { configure } from "../../tools/project/configure.ts"
import { simulate } from "../../tools/simulator/networks.ts"
import { withPsk } from "../../tools/simulator/psk-program.ts"
import { IDENTITY, KEY_FILE, PSK } from "../wire/psk.ts"

async function serve(t: TestContext) {
    const refused: string[] = []
    const server = await startServer({
        port: 0,
        pskFile: KEY_FILE,
        on: { refused: ({ reason }) => refused.push(reason) },
    })
    t.after(() => server.close())
    return { url: server.url, refused }
}

/** Runs the program as a build with this key makes it. */
async function run(
    t: TestContext,
    network: Network,
    settings: Record<string, unknown>
) {
    const { entry, wires, close } = simulate({ ...configure(), network })
    t.after(close)
    const board = await Board.start(compilePatched(entry, withPsk), {
        wires,
        settings: { INTERVAL: 10, COUNT: 20, LOG: "info", PSK, ...settings },
    })
    t.after(() => board.stop())
    return board
}

for (const network of ["wifi", "ethernet", "cellular"] as const)
    test(`over ${network}: every reply is right, and the end is clean`, async t => {
        const { url, refused } = await serve(t)
        assert.match(url, /^wss:/)
        const board = await run(t, network, { URL: url })
        await board.expect(/^right 20 /, 60_000)
        await board.expect(/^summary sent=20 right=20 wrong=0 lost=0 /)
        await board.expect('closed 1000 ""')
        assert.deepEqual(refused, [])
    })

test("a key that the server does not know: told, and no exchange", async t => {
    const { url, refused } = await serve(t)
    const board = await run(t, "ethernet", {
        URL: url,
        PSK: `${IDENTITY}:${"ff".repeat(16)}`,
    })
    await board.expect(/^down 1006 "tls: alert \d+"/, 30_000)
    assert.match(refused[0], /^TLS: /)
    assert.ok(!board.log.some(({ text }) => text.startsWith("open ")))
})

test("a program with a key and an address without TLS: as without the key", async t => {
    const server = await startServer({ port: 0 })
    t.after(() => server.close())
    const board = await run(t, "ethernet", { URL: server.url })
    await board.expect(/^summary sent=20 right=20 /, 60_000)
})
