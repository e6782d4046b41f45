import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import {
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { after, describe, test } from "node:test"

const folder = mkdtempSync(join(tmpdir(), "flash-"))
after(() => rmSync(folder, { recursive: true }))

const uf2 = join(folder, "program.uf2")
writeFileSync(uf2, "UF2 content")
const bin = join(folder, "program-0x1000.bin")
writeFileSync(bin, "BIN content")

function flash(options: string[], path = process.env.PATH) {
    const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [
            ...["--import", "tsx", "tools/commands/flash.ts"],
            ...["--no-monitor", ...options],
        ],
        { encoding: "utf8", env: { ...process.env, PATH: path } }
    )
    return { status, output: stdout + stderr }
}

/** A folder with a `python3` that stands in for one with esptool, and writes down what it is asked to do. */
function pythonThat(name: string, script: string) {
    const bin = join(folder, name)
    mkdirSync(bin)
    writeFileSync(join(bin, "python3"), `#!/bin/sh\n${script}\n`, {
        mode: 0o755,
    })
    return bin + delimiter + "/bin" + delimiter + "/usr/bin"
}

describe("npm run flash, RP2040", () => {
    test("copies the image to the board's drive", () => {
        const drive = join(folder, "RPI-RP2")
        mkdirSync(drive)
        writeFileSync(join(drive, "INFO_UF2.TXT"), "Board-ID: RPI-RP2")
        const { status, output } = flash(["--image", uf2, "--drive", drive])
        assert.equal(status, 0, output)
        assert.match(output, /Hold the BOOTSEL button down/)
        const copied = readFileSync(join(drive, "program.uf2"), "utf8")
        assert.equal(copied, "UF2 content")
    })

    test("does not write to a drive that is no board", () => {
        const drive = join(folder, "stick")
        mkdirSync(drive)
        const { status, output } = flash(["--image", uf2, "--drive", drive])
        assert.equal(status, 1)
        assert.match(output, /expected the drive of a board in BOOTSEL mode/)
        assert.deepEqual(readdirSync(drive), [])
    })

    test("says so when there is no board", () => {
        const { status, output } = flash(["--image", uf2, "--wait", "0"])
        assert.equal(status, 1)
        assert.match(output, /no board in BOOTSEL mode found/)
    })
})

describe("npm run flash, ESP32", () => {
    test("has esptool write the image to its place", () => {
        const seen = join(folder, "seen")
        const path = pythonThat("good", `echo "$@" >> ${seen}`)
        const { status, output } = flash(
            ["--image", bin, "--port", "/dev/ttyX"],
            path
        )
        assert.equal(status, 0, output)
        const [version, write] = readFileSync(seen, "utf8").trim().split("\n")
        assert.equal(version, "-m esptool version")
        assert.match(
            write,
            /^-m esptool --chip \w+ --port \/dev\/ttyX write_flash 0x1000 /
        )
        assert.ok(write.endsWith(bin))
    })

    test("says what to do when the board cannot be written to", () => {
        const path = pythonThat("bad", '[ "$3" = version ] || exit 2')
        const { status, output } = flash(
            ["--image", bin, "--port", "/dev/ttyX"],
            path
        )
        assert.equal(status, 1)
        assert.match(output, /exit code 2.*Hold BOOT down, press RESET/)
    })

    test("says how to get esptool when it is not there", () => {
        const path = pythonThat("none", "exit 1")
        const { status, output } = flash(["--image", bin], path)
        assert.equal(status, 1)
        assert.match(output, /pip install esptool/)
    })
})

test("an image with a name that does not tell its kind is refused", () => {
    const { status, output } = flash(["--image", "package.json"])
    assert.equal(status, 1)
    assert.match(output, /expected an image called ….uf2 or …-0x0.bin/)
})
