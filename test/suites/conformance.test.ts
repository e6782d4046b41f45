/** The part of the conformance suite that takes seconds; `npm run conformance` runs all of it. */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import { startBench, stopBench } from "../conformance/board.ts"
import { FAMILIES } from "../conformance/catalogue/index.ts"
import { judge, type Bench } from "../conformance/judge.ts"
import { linkMode } from "../conformance/links.ts"
import type { Case, Probe } from "../conformance/script.ts"

/** Payload bytes of a case, for each link. */
const LINKS = { plain: 32768, chopped1: 32, merged: 1024 }

const isCase = (item: Case | Probe): item is Case => "script" in item

for (const [name, most] of Object.entries(LINKS)) {
    let bench: Promise<Bench> | undefined
    const start = () => (bench ??= startBench(linkMode(name)))
    after(async () => bench && stopBench(await bench))

    for (const { title, cases } of FAMILIES) {
        const small = cases
            .filter(isCase)
            .filter(({ size = 0 }) => size <= most)
        if (!small.length) continue
        test(`${title}: ${small.length} cases over the link ${name}`, async () => {
            for (const item of small) {
                const { expected, seen } = await judge(await start(), item)
                assert.deepEqual(seen, expected, item.name)
            }
        })
    }
}
