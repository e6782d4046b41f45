import assert from "node:assert/strict"
import { duplexPair } from "node:stream"
import { test } from "node:test"
import { startModule } from "../../lib/processes.ts"
import { missing, startPseudoTerminal } from "./pseudoterminal.ts"

const lacking = missing()
if (lacking) throw new Error(lacking)

test("monitor shows a board's log, with sentences, until Ctrl-C", async t => {
    const [board, port] = duplexPair()
    const terminal = await startPseudoTerminal(port)
    t.after(() => terminal.close())
    const args = ["--port", terminal.path]
    const monitor = startModule("tools/commands/monitor.ts", args)
    await monitor.shows(/Ctrl-C ends/)
    board.write('> right 1 "1 olleH" 12 ms\n> down 1006 "no response: timeout"')
    board.write(" again in 20 ms\r\n! Exception: OutOfMemory\n")
    await monitor.shows(/smaller messages/)
    assert.match(monitor.output, /right 1 "1 olleH" 12 ms\n.*down 1006/)
    assert.match(monitor.output, /again in 20 ms\n {4}something took the conn/)
    const { code } = await monitor.stop("SIGINT")
    assert.equal(code, 0)
})

test("without a board monitor ends with 3 and says so", async () => {
    const args = ["--port", "/dev/no-such-port", "--wait", "0"]
    const { code, output } = await startModule(
        "tools/commands/monitor.ts",
        args
    ).end()
    assert.equal(code, 3)
    assert.match(output, /expected serial port \/dev\/no-such-port to open/)
    assert.doesNotMatch(output, /\n {4}at /)
})
