/** Turns at the ports of the tool chain's dev server, of which a machine can have one. */
import { createServer } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { once } from "./wait.ts"

/** Whoever listens here has the turn: the port behind those that are taken in it, 8081 to 8084. */
const TURN = 8085
const RETRY = 200

/** Waits until no other file of tests uses the ports; the turn ends with this process. */
export async function turnAtToolChainPorts(): Promise<void> {
    for (;;) {
        const turn = createServer().listen(TURN, "127.0.0.1").unref()
        try {
            await once(turn, "listening")
            return
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE")
                throw error
        }
        await delay(RETRY)
    }
}
