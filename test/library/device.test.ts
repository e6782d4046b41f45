import assert from "node:assert/strict"
import { test } from "node:test"
import { deviceTests, runInBoard } from "../../tools/simulator/device-tests.ts"

for (const file of deviceTests())
    test(`${file} passes in the simulated board`, async () => {
        const { failures } = await runInBoard(file)
        const wrong = failures.map(({ name, log }) => [name, ...log].join("\n"))
        assert.equal(wrong.join("\n"), "")
    })
