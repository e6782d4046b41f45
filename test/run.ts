/** `npm test` and `npm run test:all`: the tests that need nothing but Node, the slow ones first. */
import { readdirSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { run } from "node:test"
import { spec } from "node:test/reporters"
import { newCommand, runCommand } from "../lib/command.ts"
import { UserError } from "../lib/errors.ts"
import { PACKAGE } from "../tools/project/folder.ts"

const ROOMS = [
    "library",
    "networks",
    "server",
    "plot",
    "sim",
    "tools",
    "suites",
]

/** The suites of models, of other people's clients, of the debugger, of the package, of all commands and runners: `--all` runs them too. */
const ALL_ONLY = [
    "networks/",
    "suites/conformance.test.ts",
    "suites/hil.test.ts",
    "library/deflate-ws.test.ts",
    "library/examples.test.ts",
    "library/first-contact.test.ts",
    "library/package.test.ts",
    "library/sending-only.test.ts",
    "library/wifi.test.ts",
    "server/compression-clients.test.ts",
    "tools/debugger.test.ts",
    "tools/fleet.test.ts",
    "tools/help.test.ts",
    "tools/own-program.test.ts",
    "tools/stock.test.ts",
]

/** What takes longest begins first, so that no core waits for it at the end. */
const SLOW_FIRST = [
    "networks/ethernet",
    "networks/cellular",
    "library/device",
    "suites/",
    "tools/",
    "library/",
]

/** Milliseconds for a file: whatever hangs ends then, with all the other results there. */
const TIMEOUT = 600_000

/** Files of tests, as paths in this folder. */
function testFiles(names: string[], all = false): string[] {
    const files = ROOMS.flatMap(room =>
        readdirSync(join(PACKAGE, "test", room), { recursive: true })
            .map(String)
            .filter(name => name.endsWith(".test.ts"))
            .map(name => `${room}/${name}`)
    )
    const rank = (file: string) => {
        const index = SLOW_FIRST.findIndex(start => file.startsWith(start))
        return index < 0 ? SLOW_FIRST.length : index
    }
    return files
        .filter(file =>
            names.length
                ? names.some(name => file.includes(name))
                : all || !ALL_ONLY.some(start => file.startsWith(start))
        )
        .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

interface Options {
    all?: boolean
    list?: boolean
}

async function main(names: string[], { all, list }: Options) {
    const files = testFiles(names, all)
    if (!files.length)
        throw new UserError(
            `expected a file of tests, found none for ${names.join(", ")}`
        )
    if (list) return console.log(files.map(file => `test/${file}`).join("\n"))
    const tests = run({
        files: files.map(file => join(PACKAGE, "test", file)),
        concurrency: Math.max(3, availableParallelism()),
        timeout: TIMEOUT,
    })
    tests.on("test:fail", () => (process.exitCode = 1))
    tests.compose(new spec()).pipe(process.stdout)
}

await newCommand("test")
    .description("runs the tests that need nothing but Node")
    .argument(
        "[names...]",
        "parts of the files' names; default: all but the suites of models, the debugger, the package and the runners"
    )
    .option("--all", "all of them")
    .option("--list", "the files, instead of running them")
    .action((names, options) => runCommand(() => main(names, options)))
    .parseAsync()
