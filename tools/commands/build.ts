/** `npm run build`: devs.json → the program for its board. */
import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Command } from "commander"
import {
    PROJECT,
    UserError,
    devs,
    isMain,
    runTool,
} from "../toolchain/common.ts"
import { readConfig, type Config, type Network } from "../project/config.ts"
import { generate } from "../project/generate.ts"
import { readSettings } from "../project/settings.ts"

const BYTECODE = ".devicescript/bin/bytecode.devs"
/** The VM takes no image whose functions end beyond this (verify.c, check 1051); texts and names come behind them. */
const MAX_CODE = 0x10000
/** Where an image's header has the beginning and the length of the functions' code. */
const CODE_SECTION = 40

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

/**
 * @param entry `src/main.ts`
 * @returns sizes in bytes: of the whole image, and up to where the functions end
 * @throws UserError when it does not compile; the compiler has said why
 */
export async function build(entry: string) {
    const compiler = await devs(["build", entry])
    if (compiler.code !== 0) throw new UserError(`${entry} does not compile`)
    const image = readFileSync(join(PROJECT, BYTECODE))
    const code =
        image.readUInt32LE(CODE_SECTION) + image.readUInt32LE(CODE_SECTION + 4)
    return { size: image.length, code }
}

async function main({ all }: { all?: boolean }) {
    const config = configure()
    const entries = all ? everyEntry() : [entryOf(config)]
    for (const entry of entries) {
        const { size, code } = await build(entry)
        const share = Math.round((100 * code) / MAX_CODE)
        console.log(
            `${entry} for ${config.board}: ${size} bytes of bytecode, ${code} of them code, ${share} % of what an image can have (${BYTECODE})`
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
