/** `npm run build`: devs.json → the program for its board. */
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { Command } from "commander"
import { PROJECT, UserError, devs, isMain, runTool } from "./common.ts"
import { readConfig, type Config } from "./config.ts"
import { generate } from "./generate.ts"
import { readSettings } from "./settings.ts"

const BYTECODE = ".devicescript/bin/bytecode.devs"
/** An image is addressed by 16 bits (bytecode format, offsets of sections). */
const MAX_BYTECODE = 0x10000

/** The entry of each network. */
export const ENTRIES: Record<Config["network"], string> = {
    wifi: "src/main.ts",
    ethernet: "src/mainethernet.ts",
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

/**
 * @param entry `src/main.ts`
 * @returns size of the bytecode
 * @throws UserError when it does not compile; the compiler has said why
 */
export async function build(entry: string): Promise<number> {
    const { code } = await devs(["build", entry])
    if (code !== 0) throw new UserError(`${entry} does not compile`)
    return statSync(join(PROJECT, BYTECODE)).size
}

async function main({ all }: { all?: boolean }) {
    const config = configure()
    const entries = all ? everyEntry() : [ENTRIES[config.network]]
    for (const entry of entries) {
        const size = await build(entry)
        const share = Math.round((100 * size) / MAX_BYTECODE)
        console.log(
            `${entry} for ${config.board}: ${size} bytes of bytecode, ${share} % of what an image can have (${BYTECODE})`
        )
    }
}

function everyEntry(): string[] {
    return readdirSync(join(PROJECT, "src"))
        .filter(file => /^main.*\.ts$/.test(file))
        .sort()
        .map(file => `src/${file}`)
}

if (isMain(import.meta.url)) {
    await new Command("npm run build --")
        .description("builds the program for the board of devs.json")
        .option("--all", "every src/main*.ts")
        .action(options => runTool(() => main(options)))
        .parseAsync()
}
