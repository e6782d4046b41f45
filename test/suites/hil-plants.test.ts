/** Faults that `npm run hil -- --plant` puts in: each one has its place in the program as it is now. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { PLANTS } from "../hil/plants.ts"
import { SCENARIOS } from "../hil/scenarios/index.ts"
import { patchOf } from "../hil/variants.ts"

for (const [name, { variant, server, caughtBy }] of Object.entries(PLANTS))
    test(`${name} has its place, and a scenario that is to notice it`, () => {
        assert.ok(variant || server)
        if (variant) {
            const text = readFileSync(variant.file, "utf8")
            const planted = patchOf(variant)(variant.file, text)
            assert.ok(planted.includes(variant.body))
            assert.equal(patchOf(variant)("src/index.ts", text), text)
        }
        const names = SCENARIOS.map(scenario => scenario.name)
        for (const scenario of caughtBy) assert.ok(names.includes(scenario))
    })

test("a function that is not there any more is told by name", () => {
    const file = "src/app/text.ts"
    for (const name of ["isReversed", "Text.isReversal"])
        assert.throws(() => patchOf({ file, name, body: "" }), {
            name: "UserError",
            message: `expected a function ${name} in ${file}, there is none: the fault has to go elsewhere`,
        })
})
