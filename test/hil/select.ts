/** Which scenarios to run. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { UserError } from "../../tools/common.ts"
import type { Scenario } from "./scenario.ts"
import { SCENARIOS } from "./scenarios/index.ts"

/**
 * @param names parts of names, or files with scenarios; none: all that come with the suite
 * @throws UserError when a file has none
 */
export async function choose(names: string[]): Promise<Scenario[]> {
    if (!names.length) return SCENARIOS
    const chosen: Scenario[] = []
    for (const name of names)
        chosen.push(
            ...(/\.[cm]?[jt]s$/.test(name)
                ? await fromFile(name)
                : SCENARIOS.filter(scenario => scenario.name.includes(name)))
        )
    return [...new Set(chosen)]
}

async function fromFile(file: string): Promise<Scenario[]> {
    const path = resolve(file)
    if (!existsSync(path))
        throw new UserError(`expected scenarios in ${path}, there is no file`)
    const module = await import(pathToFileURL(path).href)
    const scenarios: Scenario[] = [module.default].flat()
    for (const scenario of scenarios)
        if (!scenario?.name || !(scenario.deadline > 0))
            throw new UserError(
                `expected ${file} to export a scenario, or a list of them, as its default: an object with at least name, what and deadline`
            )
    return scenarios
}
