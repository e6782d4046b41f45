/** Which scenarios to run. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { UserError } from "../../lib/errors.ts"
import type { Scenario } from "./scenario.ts"
import { SCENARIOS } from "./scenarios/index.ts"

/** Nothing is there by a name; the message says which. */
export class NothingToRun extends UserError {
    override readonly exitCode = 4

    constructor(message: string) {
        super(`nothing to run: ${message}`)
    }
}

/**
 * @param names parts of names, or files with scenarios; none: all that come with the suite
 * @throws NothingToRun when none has such a name
 * @throws UserError when a file has none, or two have the same name
 */
export async function choose(names: string[]): Promise<Scenario[]> {
    if (!names.length) return SCENARIOS
    const chosen: Scenario[] = []
    for (const name of names)
        chosen.push(
            ...(/\.[cm]?[jt]s$/.test(name)
                ? await fromFile(name)
                : byName(name))
        )
    const scenarios = [...new Set(chosen)]
    const all = scenarios.map(({ name }) => name)
    const twice = all.find((name, i) => all.indexOf(name) < i)
    if (twice)
        throw new UserError(
            `expected one scenario of each name, there are two of ${twice}`
        )
    return scenarios
}

function byName(part: string): Scenario[] {
    const found = SCENARIOS.filter(({ name }) => name.includes(part))
    if (found.length) return found
    throw new NothingToRun(
        `no scenario has "${part}" in its name; \`npm run hil -- --list\` names them`
    )
}

async function fromFile(file: string): Promise<Scenario[]> {
    const path = resolve(file)
    if (!existsSync(path))
        throw new UserError(`expected scenarios in ${path}, there is no file`)
    const module = await import(pathToFileURL(path).href)
    const scenarios: Scenario[] = [module.default].flat()
    for (const scenario of scenarios)
        if (!isScenario(scenario))
            throw new UserError(
                `expected ${file} to export a scenario, or a list of them, as its default: an object with at least name (a-z, 0-9 and hyphens), what and deadline`
            )
    return scenarios
}

/** Its name is also that of files. */
function isScenario(value: Partial<Scenario> | undefined): boolean {
    const { name, what, deadline } = value ?? {}
    return (
        typeof name === "string" &&
        /^[a-z0-9-]+$/.test(name) &&
        typeof what === "string" &&
        Number(deadline) > 0
    )
}
