/** What every command that builds or runs a program does first. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { UserError } from "../../lib/errors.ts"
import { readConfig, type Config, type Network } from "./config.ts"
import { IS_OWN, PROJECT } from "./folder.ts"
import { generate } from "./generate.ts"
import { readSettings } from "./settings.ts"

/** How a command's help describes the argument. */
export const PROGRAM =
    "src/main-other.ts; default: devs.json's, here the echo program"

/** The echo program's. */
const ENTRIES: Record<Network, string> = {
    wifi: "src/main.ts",
    ethernet: "src/main-ethernet.ts",
    cellular: "src/main-cellular.ts",
}

/** The program: the one that is named, or the echo program for a network, or for several. */
export function entryOf({
    program,
    network,
}: Pick<Config, "program" | "network">): string {
    if (program !== undefined) return program
    return typeof network === "string"
        ? ENTRIES[network]
        : "src/main-failover.ts"
}

/**
 * Reads and checks devs.json and the settings, and writes the modules that the echo program reads them from.
 * @param program `src/main-other.ts`, instead of the one of devs.json
 * @throws UserError
 */
export function configure(program?: string): Config {
    const written = readConfig(PROJECT)
    const config = program ? { ...written, program } : written
    const settings = readSettings(PROJECT)
    const entry = entryOf(config)
    if (!existsSync(join(PROJECT, entry)))
        throw new UserError(`expected a program at ${entry}, found none`)
    if (!IS_OWN) generate(config, settings)
    return config
}
