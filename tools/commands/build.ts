/** `npm run build`: devs.json → the program for its board. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { newCommand, runCommand } from "../../lib/command.ts"
import { configure, entryOf, PROGRAM } from "../project/configure.ts"
import { PROJECT } from "../project/folder.ts"
import { build, BYTECODE } from "../toolchain/build.ts"

/** The VM takes no image whose functions end beyond this (verify.c, check 1051); texts and names come behind them. */
const MAX_CODE = 0x10000

async function main(program: string | undefined, { all }: { all?: boolean }) {
    const config = configure(program)
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

await newCommand("build")
    .description("builds the program for the board of devs.json")
    .argument("[program]", PROGRAM)
    .option("--all", "every src/main*.ts")
    .action((program, options) => runCommand(() => main(program, options)))
    .parseAsync()
