/** `npm run monitor`: a board's log. */
import { join } from "node:path"
import { newCommand, runCommand, stopSignal } from "../../lib/command.ts"
import { integer } from "../../lib/options.ts"
import { PROJECT } from "../project/folder.ts"
import { monitor } from "../serial/monitor.ts"
import { DEBUG_INFO } from "../toolchain/build.ts"

await newCommand("monitor")
    .description(
        "shows a board's log from its serial port, with a sentence for what it says in a word"
    )
    .option("--port <path>", "the serial port (default: the only board's)")
    .option("--baud <n>", "its speed", integer(1), 115_200)
    .option("--wait <seconds>", "for the board to show up", integer(0), 5)
    .action(({ wait, ...options }) =>
        runCommand(() =>
            monitor({
                ...options,
                patience: wait * 1000,
                debugInfo: join(PROJECT, DEBUG_INFO),
                stop: stopSignal(),
            })
        )
    )
    .parseAsync()
