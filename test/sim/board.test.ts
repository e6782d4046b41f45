import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { Board, type BoardOptions } from "../../sim/board.ts"
import type { Flash } from "../../sim/machine.ts"
import { CompileError, compileSource } from "../../sim/program.ts"
import { tcpPeer } from "../wire/tcp-server.ts"
import { once } from "../wire/wait.ts"

/** Runs a program on a board until the test ends. */
async function run(t: TestContext, source: string, options?: BoardOptions) {
    const board = await Board.start(compileSource(source), options)
    t.after(() => board.stop())
    return board
}

test("a program exchanges bytes with a TCP server", async t => {
    const port = await tcpPeer(t, socket => socket.pipe(socket))
    const board = await Board.start("test/device/programs/echo-once.ts", {
        settings: { port },
    })
    t.after(() => board.stop())
    const [, answer] = await board.expect(/^answer: (.*)$/)
    assert.equal(answer, "hello")
})

test("console lines come with their level and without its mark", async t => {
    const board = await run(
        t,
        `console.log("a"); console.info("b"); console.warn("c")
        console.error("d"); console.debug("e"); console.log("f\\ng")
        console.warn("start: up"); console.log("end")`
    )
    await board.expect("end")
    const lines = board.log
        .filter(({ level }) => level !== "system")
        .map(({ level, text }) => `${level} ${text}`)
    assert.deepEqual(lines, [
        "log a",
        "log b",
        "warn c",
        "error d",
        "debug e",
        "log f",
        "log g",
        "warn start: up",
        "log end",
    ])
})

test("settings reach readSetting(), whatever their type", async t => {
    // printed as it is: JSON.stringify("ü") in the VM gives "\u00c3\u00bc", its two bytes of UTF-8
    const settings = { text: "x = ü", number: -1.5, list: [1, "2"], no: false }
    const board = await run(
        t,
        `import { readSetting } from "@devicescript/settings"
        console.log(await readSetting("text"))
        for (const name of ["number", "list", "no", "missing"])
            console.log(JSON.stringify(await readSetting(name)))`,
        { settings }
    )
    await board.expect(/^undefined$/)
    assert.deepEqual(
        board.log
            .filter(({ level }) => level === "log")
            .map(({ text }) => text),
        ["x = ü", "-1.5", '[1,"2"]', "false", "undefined"]
    )
})

test("a setting that does not fit is refused by name", async () => {
    const settings = { long: "x".repeat(300) }
    await assert.rejects(
        Board.start(compileSource(`console.log("up")`), { settings }),
        /expected setting long to fit into 236 bytes/
    )
})

test("settings files of the project are deployed, local values win", async t => {
    const folder = await mkdtemp(join(tmpdir(), "sim-"))
    t.after(() => rm(folder, { recursive: true }))
    const source = `import { readSetting } from "@devicescript/settings"
        console.log([await readSetting("A"), await readSetting("B"), await readSetting("C")].join(" "))`
    await writeFile(join(folder, "devsconfig.json"), "{}")
    await writeFile(join(folder, "main.ts"), source)
    await writeFile(join(folder, ".env.defaults"), "A=one\nB=2\nC=c\n")
    await writeFile(join(folder, ".env.local"), "B=local\n")
    const board = await Board.start(join(folder, "main.ts"), {
        settings: { C: "option" },
    })
    t.after(() => board.stop())
    await board.expect("one local option")
})

test("a file that changes is compiled again", async t => {
    const folder = await mkdtemp(join(tmpdir(), "sim-"))
    t.after(() => rm(folder, { recursive: true }))
    const entry = join(folder, "main.ts")
    await writeFile(join(folder, "devsconfig.json"), "{}")
    for (const text of ["first", "the second"]) {
        await writeFile(entry, `console.log("${text}")`)
        const board = await Board.start(entry)
        t.after(() => board.stop())
        await board.expect(text)
    }
})

test("compile errors name file, line and column", () => {
    assert.throws(
        () => compileSource(`let a = 1\na = "text"\n`, "wrong.ts"),
        (error: CompileError) => {
            assert.ok(error instanceof CompileError)
            assert.match(error.message, /^wrong\.ts:2:1: .*not assignable/m)
            assert.equal(error.complaints[0].line, 2)
            return true
        }
    )
})

test("an uncaught error shows its stack with places in the sources", async t => {
    const board = await run(
        t,
        `function inner() {
            throw new RangeError("too far")
        }
        function outer() {
            inner()
        }
        outer()`
    )
    await board.expect("too far")
    await board.expect(/at inner \(program\.ts:2:13\)/)
    await board.expect(/at outer \(program\.ts:5:13\)/)
    const { code, name } = await board.exited
    assert.deepEqual(
        { code, name },
        { code: 60005, name: "UnhandledException" }
    )
    const sources = board.log.flatMap(({ source }) => source ?? [])
    assert.deepEqual(sources.slice(0, 2), [
        "program.ts:2:13",
        "program.ts:5:13",
    ])
})

test("panics are told apart, and InfiniteLoop names its place", async t => {
    const programs = {
        InfiniteLoop: `let i = 0\nwhile (true) i++`,
        OutOfMemory: `const all: Buffer[] = []\nwhile (true) all.push(Buffer.alloc(1000))`,
        StackOverflow: `function f(n: number): number { return f(n + 1) + 1 }\nf(0)`,
        Restart: `import * as ds from "@devicescript/core"\nds.restart()`,
    }
    for (const [name, source] of Object.entries(programs)) {
        const board = await run(t, source)
        assert.equal((await board.exited).name, name)
        if (name !== "Restart")
            await board.expect(/at \w+ \(program\.ts:\d+:\d+\)/)
        await board.stop()
    }
})

test("the firmware starts a panicked program again", async t => {
    const board = await run(t, `console.log("up")\nthrow new Error("down")`)
    await board.expect("up")
    assert.equal((await board.exited).name, "UnhandledException")
    await once(board, "start")
    await board.expect("up")
})

test("a program that never pauses is ended instead of hanging the process", async t => {
    const board = await run(
        t,
        `import { sleep } from "@devicescript/core"
        console.log("up")
        while (true) await sleep(0)`
    )
    const [how] = await once(board, "reset")
    assert.equal(how.name, "Crash")
    await board.expect("endless loop around sleep(0)")
})

test("a reboot keeps the program and its settings", async t => {
    const board = await run(
        t,
        `import { reboot, sleep } from "@devicescript/core"
        import { readSetting, writeSetting } from "@devicescript/settings"
        const boots = await readSetting("boots", 0)
        console.log("boot " + boots)
        await writeSetting("boots", boots + 1)
        // writeSetting() returns before the setting is written
        await sleep(20)
        if (boots === 0) reboot()`
    )
    const { exitCode } = process
    await board.expect("boot 0")
    const [how] = await once(board, "reset")
    assert.equal(how.name, "Reset")
    await board.expect("boot 1")
    assert.equal(process.exitCode, exitCode)
})

test("flash carries settings from one board to the next", async t => {
    const flash: Flash = {}
    const source = `import { sleep } from "@devicescript/core"
        import { readSetting, writeSetting } from "@devicescript/settings"
        const n = await readSetting("n", 0)
        await writeSetting("n", n + 1)
        await sleep(20)
        console.log("n was " + n)`
    for (const n of [0, 1]) {
        const board = await run(t, source, { flash })
        await board.expect(`n was ${n}`)
        await board.stop()
    }
})

test("boards do not disturb each other", async t => {
    const port = await tcpPeer(t, socket => socket.pipe(socket))
    const source = `import { connect } from "@devicescript/net"
        import { readSetting } from "@devicescript/settings"
        import { deviceIdentifier } from "@devicescript/core"
        const me = await readSetting("me", "")
        const socket = await connect({ host: "127.0.0.1", port: await readSetting("port", 0) })
        for (let i = 0; i < 20; i++) {
            await socket.send(me + i)
            const answer = await socket.recv()
            if (answer.toString("utf-8") !== me + i) throw new Error("mixed up")
        }
        console.log(me + " done on " + deviceIdentifier("self"))`
    const boards = await Promise.all(
        ["ann", "bob", "cy"].map((me, i) =>
            run(t, source, {
                settings: { me, port },
                deviceId: `${i}`.repeat(16),
            })
        )
    )
    const ids = await Promise.all(
        boards.map(board => board.expect(/done on (\w+)/))
    )
    assert.deepEqual(
        ids.map(([, id]) => id),
        ["0".repeat(16), "1".repeat(16), "2".repeat(16)]
    )
})

test("expect tells what came instead", async t => {
    const board = await run(t, `console.log("one")\nconsole.log("two")`)
    await board.expect("two")
    await assert.rejects(
        board.expect("two", 20),
        /expected two, waited 20 ms; the log was/
    )
    const waiting = assert.rejects(
        board.expect(/never/),
        /expected \/never\/, the board was stopped/
    )
    await board.stop()
    await waiting
})

test("a stopped board leaves nothing behind", async t => {
    const port = await tcpPeer(t, () => {})
    const before = process.getActiveResourcesInfo().sort()
    const board = await Board.start(
        compileSource(
            `import { connect } from "@devicescript/net"
            setInterval(() => console.log("tick"), 1)
            await connect({ host: "127.0.0.1", port: ${port} })
            console.log("connected")`
        )
    )
    await board.expect("connected")
    const lines = board.log.length
    await board.stop()
    await board.stop()
    assert.equal((await board.exited).name, "Stopped")
    assert.equal(board.log.length, lines)
    const after = process.getActiveResourcesInfo().sort()
    // the peer's end of the connection closes in its own time
    assert.deepEqual(
        after.filter(name => name !== "TCPSocketWrap"),
        before
    )
    assert.ok(after.filter(name => name === "TCPSocketWrap").length <= 1)
})
