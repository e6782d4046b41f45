/** The tests that are DeviceScript programs (test/device), as tests of Node's runner; in groups, so that they run side by side. */
import assert from "node:assert/strict"
import { basename } from "node:path"
import { test } from "node:test"
import { deviceTests, runInBoard } from "../../tools/simulator/device-tests.ts"

/** By the beginnings of their names; `client` are all others. */
const GROUPS = {
    networks: /^(cellular|ethernet|failover|fiber|native|spi-bus)/,
    protocol:
        /^(deflate|handshake|hashes|hixie|opening|receive|response|url|utf8)/,
    client: /^/,
}

type Group = keyof typeof GROUPS

function groupOf(file: string): Group {
    const groups = Object.keys(GROUPS) as Group[]
    return groups.find(group => GROUPS[group].test(basename(file)))!
}

/** Makes a test of each program in a group. */
export function testPrograms(group: Group): void {
    for (const file of deviceTests().filter(file => groupOf(file) === group))
        test(`${file} passes in the simulated board`, async () => {
            const { failures } = await runInBoard(file)
            const wrong = failures.map(({ name, log }) =>
                [name, ...log].join("\n")
            )
            assert.equal(wrong.join("\n"), "")
        })
}
