/** DHCP and DNS messages that mutate; FUZZ sets how many of each (default 1,000), SEED where they begin. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { Board } from "../../sim/board.ts"

const COUNT = Number(process.env.FUZZ ?? 1000)
const SEED = Number(process.env.SEED ?? 1)

test(`${COUNT} mutated messages of DHCP and of DNS are read to their ends`, async t => {
    const board = await Board.start("test/device/ethernet-fuzz.ts", {
        settings: { count: COUNT, seed: SEED },
    })
    t.after(() => board.stop())
    const ended = board.exited.then(({ name }) => {
        const seeds = board.log.filter(({ text }) => text.startsWith("seed"))
        throw new Error(
            `the program ended by ${name} behind ${seeds.at(-1)?.text}`
        )
    })
    const [line, sound] = await Promise.race([
        board.expect(/^fuzzed \d+, sound (\d+)$/, 30_000 + 60 * COUNT),
        ended,
    ])
    t.diagnostic(`seed ${SEED}: ${line}`)
    // mutations that break everything, or nothing, would test little
    assert.ok(+sound > COUNT / 4 && +sound < COUNT * 1.8, line)
})
