/** `npm run hil` as a user and a build server see it: verdicts, exit codes, reports. */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { startModule } from "../../lib/processes.ts"
import { choose } from "../hil/select.ts"
import { noSignals } from "../wire/platform.ts"

function scratch(t: TestContext): string {
    const folder = mkdtempSync(join(tmpdir(), "hil-"))
    t.after(() => rmSync(folder, { recursive: true }))
    return folder
}

/** Milliseconds for a run of the suite. */
const PATIENCE = 300_000

/** Runs it over the board's own network. @returns exit code and output */
function hil(out: string, ...args: string[]) {
    const run = startModule("test/hil/main.ts", [
        ...["--network", "wifi", "--out", out, ...args],
    ])
    return run.end(PATIENCE)
}

test("a scenario in a file of one's own passes, and every report has it", async t => {
    const out = scratch(t)
    const file = "test/hil/examples/brown-out.ts"
    const xml = join(out, "elsewhere", "hil.xml")
    const run = await hil(out, "--scenario", file, "--junit", xml)
    assert.equal(run.code, 0, run.output)
    assert.match(run.output, /^✓ passed +wifi +brown-out .* 0 silently$/m)
    assert.match(run.output, /^1 passed, 0 failed, 0 timed out$/m)

    const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8"))
    assert.equal(report.passed, 1)
    assert.equal(report.sums[0].silentlyLost, 0)
    const [scenario] = report.scenarios
    assert.equal(scenario.connections.length, 3)
    assert.deepEqual(
        scenario.faults.map(({ name }: { name: string }) => name),
        ["link: latency 20", "board reset", "board reset"]
    )
    const junit = readFileSync(xml, "utf8")
    assert.match(junit, /<testsuite name="sim wifi" tests="1" failures="0"/)
    assert.match(junit, /<testcase [^>]*name="brown-out"[^>]*><system-out>/)
    const page = readFileSync(join(out, "index.html"), "utf8")
    assert.match(page, /<details id="wifi-brown-out">/)
    assert.doesNotMatch(page, /(src|href)="(?!#)/)
    const log = readFileSync(join(out, "logs", "wifi-brown-out.log"), "utf8")
    assert.match(log, /^ +\d+\.\d{3} fault +board reset$/m)
    assert.match(log, /^ +\d+\.\d{3} server message "Hello 3"$/m)
    assert.match(log, /^ +\d+\.\d{3} board +right 5 /m)
})

test("over TLS by a pre-shared key: a connection that breaks in mid-record loses one message, and says so", async t => {
    const run = await hil(scratch(t), "--psk", "--scenario", "reset-in")
    assert.equal(run.code, 0, run.output)
    assert.equal(run.output.match(/^✓ passed .* 1 reported lost/gm)?.length, 2)
})

test("a byte that is spoilt on the way is no scenario for TLS: exit code 4", async t => {
    const run = await hil(scratch(t), "--psk", "--scenario", "corrupt")
    assert.equal(run.code, 4, run.output)
})

test("a planted fault is caught, and exit code 1 says so", async t => {
    const out = scratch(t)
    const run = await hil(
        out,
        ...["--scenario", "corrupt-reply", "--plant", "reply-unchecked"]
    )
    assert.equal(run.code, 1, run.output)
    assert.match(run.output, /^✗ failed +wifi +corrupt-reply /m)
    assert.match(run.output, /expected wrong 1, it is 0/)
    const junit = readFileSync(join(out, "junit.xml"), "utf8")
    assert.match(junit, /failures="1"/)
    assert.match(junit, /<failure message="expected wrong 1, it is 0">/)
})

test("a scenario that does not come to its end in time is one that timed out: exit code 2", async t => {
    const out = scratch(t)
    const file = join(out, "endless.ts")
    writeFileSync(
        file,
        `export default { name: "endless", what: "", deadline: 1, settings: { COUNT: 0 } }`
    )
    const run = await hil(out, "--scenario", file)
    assert.equal(run.code, 2, run.output)
    assert.match(run.output, /^⏱ timed out wifi +endless /m)
    assert.match(run.output, /not at its end within 1 s/)
})

test("when nothing is left to run, exit code 4 says so", async t => {
    const run = await hil(scratch(t), "--scenario", "no-such-scenario")
    assert.equal(run.code, 4)
    assert.match(run.output, /^nothing to run: /m)
})

test("without the device, nothing is tested: exit code 3, and how to get what is missing", async t => {
    const run = await hil(
        scratch(t),
        ...["--device", "rp2040js", "--network", "ethernet"],
        ...["--firmware", "no-such-file.uf2"]
    )
    assert.equal(run.code, 3, run.output)
    assert.match(run.output, /firmware/i)
})

test("a file without scenarios is named", async t => {
    const file = join(scratch(t), "empty.ts")
    writeFileSync(file, "export default {}")
    await assert.rejects(choose([file]), /empty\.ts to export a scenario/)
})

for (const [what, scenario] of [
    ["has no sentence on what must happen", { name: "mute", deadline: 1 }],
    ["has a name that is none", { name: "a/b", what: "", deadline: 1 }],
    ["has no deadline", { name: "endless", what: "" }],
] as const)
    test(`a scenario that ${what} is refused before anything runs`, async t => {
        const file = join(scratch(t), "bad.ts")
        writeFileSync(file, `export default ${JSON.stringify(scenario)}`)
        await assert.rejects(choose([file]), /bad\.ts to export a scenario/)
    })

test("two scenarios of one name are refused, one that is chosen twice is not", async t => {
    const file = join(scratch(t), "again.ts")
    writeFileSync(
        file,
        `export default { name: "soak", what: "", deadline: 1 }`
    )
    await assert.rejects(choose([file, "soak"]), /two of soak/)
    assert.equal((await choose(["soak", "soa"])).length, 1)
})

test("a name that nothing has is not passed over beside one that something has", async () => {
    await assert.rejects(choose(["soak", "sock"]), /no scenario has "sock"/)
})

test("a check that fails itself fails its scenario, and steps that outlive theirs leave nothing open", async t => {
    const out = scratch(t)
    const file = join(out, "faulty.ts")
    writeFileSync(
        file,
        `const once = { what: "", deadline: 30, settings: { COUNT: 1 } }
        const check = () => { throw new Error("no such line") }
        const steps = async ({ device, link, server }) => {
            await device.expect("right 1")
            link.refuse()
            await server.kill()
            const late = new Promise(resolve => setTimeout(resolve, 1500))
            void late.then(() => server.start()).catch(() => {})
            void late.then(() => link.open()).catch(() => {})
        }
        export default [
            { ...once, name: "checks", check },
            { ...once, name: "late", deadline: 1, settings: { COUNT: 0 }, steps },
        ]`
    )
    const run = await hil(out, "--scenario", file)
    assert.equal(run.code, 1, run.output)
    assert.match(run.output, /^ +the scenario's check failed: .*no such line$/m)
    assert.match(run.output, /^0 passed, 1 failed, 1 timed out$/m)
})

test(
    "Ctrl-C ends even a scenario that never begins, and the reports say what was not run",
    { skip: noSignals },
    async t => {
        const out = scratch(t)
        const file = join(out, "stuck.ts")
        writeFileSync(
            file,
            `export default { name: "stuck", what: "", deadline: 300, prepare: () => {
            setImmediate(() => process.kill(process.pid, "SIGINT"))
            return new Promise(() => {})
        } }`
        )
        const run = await hil(out, "--scenario", file, "--scenario", "soak")
        assert.equal(run.code, 130, run.output)
        assert.match(run.output, /0 timed out, 2 not run to the end$/m)
        const page = readFileSync(join(out, "index.html"), "utf8")
        assert.match(page, /2 not run to the end/)
    }
)
