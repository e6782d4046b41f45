/** `npm run flash`: from the USB cable to the running program. */
import { Command } from "commander"
import { runCommand } from "../../lib/command.ts"
import { integer } from "../../lib/options.ts"
import { PROGRAM } from "../project/configure.ts"
import { flash } from "../toolchain/flash.ts"

await new Command("npm run flash --")
    .description("puts the program onto the board of devs.json")
    .argument("[program]", PROGRAM)
    .option("--image <file>", "an image made before, instead of a new one")
    .option("--drive <path>", "RP2040: the drive of the board")
    .option("--port <path>", "ESP32: the serial port of the board")
    .option(
        "--wait <seconds>",
        "RP2040: time to find the drive",
        integer(0),
        120
    )
    .action((program, options) =>
        runCommand(() => flash({ program, ...options }))
    )
    .parseAsync()
