/** `npm run fleet`: its plan, its sums, and a small fleet from the first board to Ctrl-C. */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { startModule } from "../../lib/processes.ts"
import { Child } from "../../tools/fleet/child.ts"
import { add, noFigures, quantile } from "../../tools/fleet/figures.ts"
import { planFaults, planFleet } from "../../tools/fleet/plan.ts"

const OPTIONS = {
    devices: 100,
    interval: { from: 500, to: 1500 },
    faults: 30,
    ramp: 10,
    seed: 1,
}

test("a seed makes a fleet: each device has its own interval, and they start one after the other", () => {
    const plan = planFleet(OPTIONS)
    assert.deepEqual(plan, planFleet(OPTIONS))
    const other = planFleet({ ...OPTIONS, seed: 2 })
    assert.notDeepEqual(plan[0].interval, other[0].interval)
    const intervals = plan.map(({ interval }) => interval)
    assert.ok(intervals.every(ms => ms >= 500 && ms <= 1500))
    assert.ok(new Set(intervals).size > 80)
    assert.deepEqual(
        plan.map(({ start }) => start),
        plan.map((_, i) => 100 * i)
    )
})

test("a device's faults are of every kind, and as frequent on average as asked for", () => {
    const faults = planFaults(7, 30)
    const some = Array.from({ length: 2000 }, () => faults.next().value!)
    const mean = some.reduce((sum, { after }) => sum + after, 0) / some.length
    assert.ok(mean > 27_000 && mean < 33_000, `${mean}`)
    const kinds = new Set(some.map(({ kind }) => kind))
    assert.equal(kinds.size, 4)
})

test("figures add up, and quantiles are those of all round trips together", () => {
    const one = { ...noFigures(), sent: 3, roundTrips: { 1: 2, 5: 1 } }
    const two = { ...noFigures(), sent: 2, roundTrips: { 5: 1, 70: 1 } }
    const both = add(one, two)
    assert.equal(both.sent, 5)
    assert.deepEqual(both.roundTrips, { 1: 2, 5: 2, 70: 1 })
    assert.equal(quantile(both.roundTrips, 0.5), 5)
    assert.equal(quantile(both.roundTrips, 1), 70)
    assert.equal(quantile({}, 0.5), undefined)
})

test("a fleet gets through, shows itself, and ends with its figures when all its processes get a signal", async t => {
    const folder = mkdtempSync(join(tmpdir(), "fleet-"))
    t.after(() => rmSync(folder, { recursive: true }))
    const json = join(folder, "fleet.json")
    const fleet = startModule(
        "tools/commands/fleet.ts",
        [
            ...["--json", json, "--devices", "3", "--processes", "2"],
            ...["--ramp", "0", "--interval", "50-100", "--faults", "0"],
        ],
        // a group of its own, which is what a signal of a terminal or of a service manager goes to
        { detached: true }
    )
    await fleet.shows(/ 3 of 3 open, .* silently lost 0, /)
    const { code, output } = await fleet.stop()
    assert.equal(code, 0, output)
    const figures = JSON.parse(readFileSync(json, "utf8"))
    assert.equal(figures.reached, 3)
    assert.ok(figures.right > 0 && figures.right >= figures.sent - 3)
    assert.equal(figures.silentlyLost, 0)
    assert.equal(figures.server.connections, 3)
    assert.match(output, /^ +fleet +\d\/3 /m)
})

test("a process that ends before the fleet does fails it, by name", async t => {
    const folder = mkdtempSync(join(tmpdir(), "fleet-"))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, "mayfly.mjs")
    writeFileSync(
        file,
        `process.send({ cpu: 1 }); process.on("message", () => process.exit(7))`
    )
    const child = new Child(pathToFileURL(file).href)
    assert.deepEqual(await child.first(), { cpu: 1 })
    child.tell("go")
    await assert.rejects(child.failed, /mayfly\.mjs .*, it ended with 7$/)
    await child.end()
})
