import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { startModule } from "../../lib/processes.ts"
import { startSerialBoard } from "../suites/serial-board.ts"
import { missing, startPseudoTerminal } from "./pseudoterminal.ts"

const lacking = missing()
if (lacking) throw new Error(lacking)

/** Milliseconds for a run of the suite. */
const PATIENCE = 600_000

/** Runs `npm run hil` at a serial port. */
function hil(port: string, ...args: string[]) {
    const where = ["--device", "serial", "--port", port, "--host", "127.0.0.1"]
    return startModule("test/hil/main.ts", [...where, ...args]).end(PATIENCE)
}

/** A board behind a serial port, until the test ends. */
async function plugIn(t: TestContext) {
    const board = await startSerialBoard()
    t.after(() => board.close())
    const terminal = await startPseudoTerminal(board.port)
    t.after(() => terminal.close())
    return { board, port: terminal.path }
}

test(
    "scenarios run on a board behind a serial port: programs, settings, log, reset",
    { timeout: 300_000 },
    async t => {
        const { board, port } = await plugIn(t)
        const scenarios = ["first-connection", "unicode", "board-reset"]
        const { code, output } = await hil(
            port,
            ...scenarios.flatMap(name => ["--scenario", name])
        )
        assert.equal(code, 0, output)
        assert.match(output, /3 passed, 0 failed, 0 timed out/)
        // one start for each program, and one more for the reset
        assert.equal(
            board.starts.filter(line => line.includes("src/main.ts")).length,
            4,
            output
        )
    }
)

test(
    "a first contact tries each belief, and its report says what was seen",
    { timeout: 600_000 },
    async t => {
        const { port } = await plugIn(t)
        const out = mkdtempSync(join(tmpdir(), "contact-"))
        t.after(() => rmSync(out, { recursive: true }))
        const { code, output } = await hil(
            port,
            ...["--first-contact", "--out", out]
        )
        // the simulated firmware's lines may be longer than a board's
        assert.equal(code, 1, output)
        assert.match(output, /^18 of 19 beliefs held/m)
        const report = readFileSync(join(out, "first-contact.md"), "utf8")
        const failed = report
            .split("\n")
            .filter(line => line.includes("**no**"))
        assert.equal(failed.length, 1, report)
        assert.match(failed[0], /cut at some 160 bytes/)
        for (const part of [
            /; 8000 of 8000 bytes, at most \d+ at once, the end told/,
            /\| The board joins its network.* \| yes \| 1 of 1 right/,
            /\| An object has at most 57,344 bytes.*; the firmware ended the program and began it anew after \d/,
            /^## By hand/m,
            /^ {4}seen sha256 ba7816bf/m,
        ])
            assert.match(report, part)
    }
)

test(
    "a port that nobody answers on is no device",
    { timeout: 60_000 },
    async t => {
        const { board, port } = await plugIn(t)
        for (let n = 1; n < 10; n++) board.lose.add(n)
        const { code, output } = await hil(
            port,
            "--scenario",
            "first-connection"
        )
        assert.equal(code, 3, output)
        assert.match(
            output,
            /expected the announcement of a DeviceScript board/
        )
    }
)

test("a port that is not there is no device", async () => {
    const { code, output } = await hil(
        "nowhere",
        "--scenario",
        "first-connection"
    )
    assert.equal(code, 3, output)
    assert.match(output, /expected serial port nowhere to open/)
})
