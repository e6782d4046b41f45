/** `npm run bundle`: firmware, board definition, settings and program in one file for the flash memory. */
import { newCommand, runCommand } from "../../lib/command.ts"
import { PROGRAM } from "../project/configure.ts"
import { bundle } from "../toolchain/bundle.ts"

await newCommand("bundle")
    .description(
        "puts firmware, board definition, settings and program into one file"
    )
    .argument("[program]", PROGRAM)
    .action(program => runCommand(() => bundle(program)))
    .parseAsync()
