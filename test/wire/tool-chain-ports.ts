/** Turns at the ports of the tool chain's dev server, of which a machine can have one. */
import { createServer } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { once } from "./wait.ts"

/** Whoever listens here has the turn: the port behind those that are taken in it, 8081 to 8084. */
const TURN = 8085
const RETRY = 200
/** Milliseconds for the turns of others, of some 100 seconds each; below what a file of tests may take. */
const PATIENCE = 400_000

/**
 * Waits until no other file of tests uses the ports; the turn ends with this process.
 * @throws Error when the turn does not come in time
 */
export async function turnAtToolChainPorts(patience = PATIENCE): Promise<void> {
    const end = Date.now() + patience
    do {
        const turn = createServer().listen(TURN, "127.0.0.1").unref()
        try {
            await once(turn, "listening")
            return
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE")
                throw error
        }
        await delay(RETRY)
    } while (Date.now() < end)
    throw new Error(
        `expected port ${TURN} to become free within ${patience} ms: other tests of the tool chain, or another program, listen there`
    )
}
