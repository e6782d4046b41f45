import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { compileSource } from "../../sim/program.ts"
import { encodeSettings } from "../../sim/settings.ts"
import { Bridge, quoted } from "../../tools/serial/bridge.ts"
import { Programmer } from "../hil/serial/programmer.ts"
import { startSerialBoard } from "./serial-board.ts"

const MAGIC = "fe"

/** What a bridge makes of bytes that come in pieces of a size. */
function taken(hex: string, piece = Infinity) {
    const found: string[] = []
    const bridge = new Bridge({
        line: text => found.push(text),
        frame: bytes => found.push(Buffer.from(bytes).toString("hex")),
    })
    const bytes = Buffer.from(hex.replace(/ /g, ""), "hex")
    for (let at = 0; at < bytes.length; at += piece)
        bridge.push(bytes.subarray(at, at + piece))
    return found
}

const hex = (text: string) => Buffer.from(text).toString("hex")

test("lines and frames are told apart, however they are cut", () => {
    const frame = Buffer.from("01fe02fefe0a", "hex")
    const bytes = `${hex("one")}${quoted(frame).toString("hex")}${hex(" line\r\ntwo ")}${MAGIC}f8${hex("\n")}`
    for (const piece of [Infinity, 1, 2, 3])
        assert.deepEqual(taken(bytes, piece), [
            "01fe02fefe0a",
            "one line",
            "two \ufffd",
        ])
})

test("gaps, padding and what is unknown do no harm; a frame that never ends is dropped", () => {
    assert.deepEqual(
        taken(`${MAGIC}fb 00 ${hex("a")} 00 ${MAGIC}fa ${hex("b\n")}`),
        ["ab"]
    )
    assert.deepEqual(
        taken(
            `${MAGIC}fc ${"55".repeat(300)} ${MAGIC}fd 0a ${hex("next\n")}`
        ).at(-1),
        "next"
    )
    assert.deepEqual(taken(`${MAGIC}fd ${hex("after\n")}`), ["after"])
    assert.deepEqual(taken("55".repeat(5000)).length, 4)
})

const PROGRAM =
    compileSource(`import { readSetting } from "@devicescript/settings"
    console.log("name " + (await readSetting("NAME", "none")) + ", more " + (await readSetting("MORE", "none")))`)

/** What gets lost need not be waited for as long as on a wire. */
const PACE = 0.1

async function board(t: TestContext) {
    const board = await startSerialBoard()
    t.after(() => board.close())
    const lines: string[] = []
    const seen = new Map<string, () => void>()
    const programmer = new Programmer(
        board.port,
        line => {
            lines.push(line)
            for (const [text, go] of seen) if (line.includes(text)) go()
        },
        { pace: PACE }
    )
    const until = (text: string) =>
        new Promise<void>(resolve => seen.set(text, resolve))
    return { ...board, programmer, lines, until }
}

test(
    "a program and its settings reach a board over its serial port, and replace those before",
    { timeout: 60_000 },
    async t => {
        const { programmer, until, lines } = await board(t)
        await programmer.connect()
        const first = until("name Löwe, more 1")
        await programmer.deploy(
            PROGRAM.bytecode,
            encodeSettings({ NAME: "Löwe", MORE: 1 })
        )
        await first
        const said = lines.filter(line => line.includes("old")).length
        assert.ok(said > 0, "the program before")
        const second = until("name \ufeff þ, more none")
        await programmer.deploy(
            PROGRAM.bytecode,
            encodeSettings({ NAME: "\ufeff þ" })
        )
        await second
        assert.equal(lines.filter(line => line.includes("old")).length, said)
    }
)

test(
    "what gets lost on the way is sent again, and nothing twice",
    { timeout: 60_000 },
    async t => {
        const { programmer, until, lose } = await board(t)
        for (const n of [1, 3, 7, 12]) lose.add(n)
        await programmer.connect()
        const said = until("name x, more none")
        await programmer.deploy(PROGRAM.bytecode, encodeSettings({ NAME: "x" }))
        await said
    }
)

test(
    "a restart starts the program that is there",
    { timeout: 60_000 },
    async t => {
        const { programmer, until } = await board(t)
        await programmer.connect()
        const first = until("name kept")
        await programmer.deploy(
            PROGRAM.bytecode,
            encodeSettings({ NAME: "kept" })
        )
        await first
        const again = until("name kept")
        programmer.restart()
        await again
        await programmer.connect()
    }
)

test(
    "what does not fit, and a port without a board, are errors that say so",
    { timeout: 60_000 },
    async t => {
        const { programmer, port } = await board(t)
        await programmer.connect()
        await assert.rejects(
            programmer.deploy(
                PROGRAM.bytecode,
                encodeSettings({ NAME: "x".repeat(300) })
            ),
            /expected setting NAME to fit into 236 bytes, name included; it has 307/
        )
        const nobody = new Programmer(port, () => {}, { pace: 0.01 })
        port.removeAllListeners("data")
        await assert.rejects(
            nobody.connect(),
            /expected the announcement of a DeviceScript board; in 0.06 s nothing of the kind came/
        )
    }
)
