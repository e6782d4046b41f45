/** How a command runs and ends. */
import { UserError } from "./errors.ts"

/** 128 and SIGPIPE, as a shell reports a command whose output nobody reads. */
const BROKEN_PIPE = 128 + 13

/** Runs a command to its end; an error is shown with its stack unless the user can put it right. */
export async function runCommand(main: () => Promise<unknown>): Promise<void> {
    endWithReader()
    try {
        await main()
    } catch (error) {
        const isUsers = error instanceof UserError
        console.error(isUsers ? error.message : error)
        process.exitCode = isUsers ? error.exitCode : 1
    }
}

/** Ends the process when nobody reads its output any more (`… | head`): in order where there is something to end. */
function endWithReader(): void {
    for (const stream of [process.stdout, process.stderr])
        stream.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code !== "EPIPE") throw error
            if (!process.emit("SIGTERM", "SIGTERM")) process.exit(BROKEN_PIPE)
        })
}

/** Calls `stop` at Ctrl-C, at SIGTERM, and when the output's reader has gone; as often as that comes. */
export function onStop(stop: () => void): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.on(signal, () => stop())
}

/** Resolves when the command is to end, see `onStop`. */
export function stopSignal(): Promise<void> {
    return new Promise(resolve => onStop(resolve))
}
