/** What every command that builds or runs the program does first. */
import { readConfig, type Config, type Network } from "./config.ts"
import { PROJECT } from "./folder.ts"
import { generate } from "./generate.ts"
import { readSettings } from "./settings.ts"

const ENTRIES: Record<Network, string> = {
    wifi: "src/main.ts",
    ethernet: "src/main-ethernet.ts",
    cellular: "src/main-cellular.ts",
}

/** The program for a network, or for several. */
export function entryOf({ network }: Pick<Config, "network">): string {
    return typeof network === "string"
        ? ENTRIES[network]
        : "src/main-failover.ts"
}

/**
 * Reads and checks devs.json and the settings, and writes the module that the program reads them from.
 * @throws UserError
 */
export function configure(): Config {
    const config = readConfig(PROJECT)
    readSettings(PROJECT)
    generate(config)
    return config
}
