import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"

/** Runs `npm run hil`. */
function hil(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", "tsx", "test/hil/main.ts", ...args],
        { encoding: "utf8" }
    )
    return { status, output: stdout + stderr }
}

for (const [missing, args, message] of [
    [
        "firmware",
        ["--firmware", "nowhere.uf2"],
        /expected the DeviceScript firmware for the RP2040 in nowhere\.uf2, found none\.\nFetch https:/,
    ],
    [
        "boot ROM",
        ["--firmware", "package.json", "--bootrom", "nowhere.bin"],
        /expected the boot ROM of an RP2040 in nowhere\.bin, found none\.\nThe releases of https:/,
    ],
] as const)
    test(`without its ${missing} an emulated board is no device, and the suite says how to get it`, () => {
        const { status, output } = hil("--device", "rp2040js", ...args)
        assert.equal(status, 3, output)
        assert.match(output, message)
    })
