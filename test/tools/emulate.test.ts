import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { once } from "../wire/wait.ts"
import { noSignals } from "../wire/platform.ts"

/** A boot ROM for this test only: sends what is in flash on UART0, up to the first zero, and waits for ever. */
const CODE = `
    4804 4c05 7821 2900 d002   r0 = UART0, r4 = flash; loop: r1 = *r4; none: done
    6001 3401 e7f9             send it; r4++; loop
    bf20 e7fd                  done: wfe; again
    4000 4003 0000 1000`

function bootrom(): Buffer {
    const bytes = Buffer.alloc(16384)
    bytes.writeUInt32LE(0x20001000, 0)
    bytes.writeUInt32LE(0x21, 4)
    bytes.write("Mu\x01", 0x10, "latin1")
    const codes = CODE.match(/\b[0-9a-f]{4}\b/g)!
    codes.forEach((code, i) =>
        bytes.writeUInt16LE(parseInt(code, 16), 0x20 + 2 * i)
    )
    return bytes
}

function uf2(payload: string): Buffer {
    const block = Buffer.alloc(512)
    block.writeUInt32LE(0x0a324655, 0)
    block.writeUInt32LE(0x9e5d5157, 4)
    block.writeUInt32LE(0x10000000, 12)
    block.writeUInt32LE(payload.length + 1, 16)
    block.write(payload, 32)
    return block
}

function files(t: TestContext, contents: Record<string, Buffer>) {
    const folder = mkdtempSync(join(tmpdir(), "emulate-"))
    t.after(() => rmSync(folder, { recursive: true }))
    return Object.entries(contents).map(([name, content]) => {
        const path = join(folder, name)
        writeFileSync(path, content)
        return path
    })
}

function emulate(...args: string[]) {
    const child = spawn(process.execPath, [
        ...["--import", "tsx", "tools/commands/emulate.ts"],
        ...args,
    ])
    const closed = once(child, "close")
    return { child, closed }
}

test(
    "firmware of any kind runs, its UART is shown, and Ctrl-C ends it with a count",
    { skip: noSignals, timeout: 60_000 },
    async t => {
        const [rom, firmware] = files(t, {
            rom: bootrom(),
            uf2: uf2("hello\n"),
        })
        const { child, closed } = emulate(firmware, "--bootrom", rom)
        let output = ""
        for await (const chunk of child.stdout) {
            output += chunk
            if (output === "hello\n") child.kill("SIGINT")
        }
        assert.deepEqual(await closed, [0, null])
        assert.match(
            output,
            /^hello\n\n\d+\.\d s of the chip's time, \d+ cycles\n$/
        )
    }
)

for (const [what, contents, message] of [
    [
        "no boot ROM",
        { uf2: uf2("x"), rom: Buffer.alloc(16384) },
        /expected the boot ROM of an RP2040, 16384 bytes with 4d 75 01 at 0x10, found 16384 bytes/,
    ],
    [
        "no UF2 file",
        { uf2: Buffer.alloc(512), rom: bootrom() },
        /expected a UF2 file, found 0 0 at 0/,
    ],
] as const)
    test(
        `${what} is an error that says what was expected`,
        { timeout: 60_000 },
        async t => {
            const [firmware, rom] = files(t, contents)
            const { child, closed } = emulate(firmware, "--bootrom", rom)
            let errors = ""
            for await (const chunk of child.stderr) errors += chunk
            assert.deepEqual(await closed, [1, null])
            assert.match(errors, message)
        }
    )
