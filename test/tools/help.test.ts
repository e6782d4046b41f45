/** Each npm script that is a command says how it is called, and what it was given in vain. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { Process } from "../../lib/processes.ts"

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>
}

/** What runs a file of ours, rather than a test runner or linters. */
const COMMANDS = Object.entries(scripts).filter(
    ([name, script]) =>
        name !== "dependencies" && /^node --import tsx [\w/.-]+$/.test(script)
)

function run(script: string, args: string[], env: object = {}) {
    const [command, ...before] = script.split(" ")
    return new Process(command, [...before, ...args], {
        env: { ...process.env, ...env },
    }).end()
}

test("there are commands", () => assert.ok(COMMANDS.length >= 15))

for (const [name, script] of COMMANDS)
    test(`npm run ${name} -- --help shows how it is called, and does nothing else`, async () => {
        const { code, output } = await run(script, ["--help"])
        assert.equal(code, 0, output)
        const call = name === "start" ? "npm start" : `npm (run )?${name}`
        assert.match(output, new RegExp(`^Usage: ${call} -- `))
    })

test("defaults are told with their units, and an empty list is none", async () => {
    const serve = await run(scripts.serve, ["--help"])
    const options = serve.output.replace(/\s+/g, " ")
    assert.match(options, /--max-message <bytes> [^(]*\(default: 1 MiB\)/)
    assert.match(options, /--max-connections <number> [^(]*\(default: 1,000\)/)
    assert.match(options, /--ping <seconds> [^(]*\(default: 30 s\)/)
    assert.match(options, /--host <address> [^(]*\(default: 127\.0\.0\.1\)/)
    const echo = await run(scripts.echo, ["--help"])
    assert.match(
        echo.output,
        /--subprotocol <name> +to offer; may be repeated\n/
    )
})

for (const args of [["20"], []])
    test(`npm start --count 20, of which npm passes on [${args}], is told to write --`, async () => {
        const env = { npm_config_count: args.length ? "true" : "20" }
        const { code, output } = await run(scripts.start, args, env)
        assert.equal(code, 1)
        assert.match(output, /behind --, as in: npm start -- --count/)
    })
