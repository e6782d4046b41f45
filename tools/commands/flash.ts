/** `npm run flash`: from the USB cable to the running program and its log. */
import { join } from "node:path"
import { newCommand, runCommand, stopSignal } from "../../lib/command.ts"
import { NoDevice } from "../../lib/errors.ts"
import { integer } from "../../lib/options.ts"
import { PROGRAM } from "../project/configure.ts"
import { PROJECT } from "../project/folder.ts"
import { monitor } from "../serial/monitor.ts"
import { DEBUG_INFO } from "../toolchain/build.ts"
import { flash } from "../toolchain/flash.ts"

/** Milliseconds for a board that has just been written to to show up with its log. */
const STARTING = 10_000

/** The program is on the board, whether its log can be seen or not. */
async function showLog(port?: string) {
    const debugInfo = join(PROJECT, DEBUG_INFO)
    const stop = stopSignal()
    try {
        await monitor({ port, debugInfo, patience: STARTING, stop })
    } catch (error) {
        if (!(error instanceof NoDevice)) throw error
        console.log(`No log here: ${error.message}`)
    }
}

await newCommand("flash")
    .description(
        "puts the program onto the board of devs.json, and shows its log"
    )
    .argument("[program]", PROGRAM)
    .option("--image <file>", "an image made before, instead of a new one")
    .option("--drive <path>", "RP2040: the drive of the board")
    .option("--port <path>", "the board's serial port (default: found)")
    .option(
        "--wait <seconds>",
        "RP2040: time to find the drive",
        integer(0),
        120
    )
    .option("--no-monitor", "ends with the program on the board")
    .action((program, { monitor: isLogged, ...options }) =>
        runCommand(async () => {
            await flash({ program, ...options })
            if (isLogged) await showLog(options.port)
        })
    )
    .parseAsync()
