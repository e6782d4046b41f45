import { setTimeout as sleep } from "node:timers/promises"
import type { Mode } from "./mode.ts"

/** Says hello, a second later world, and then closes; it reads nothing. */
export const tutorial: Mode = {
    port: 9876,
    path: "/",
    about: "The server says hello, a second later world, and then closes. It reads nothing.",
    async open(connection) {
        // to a connection that has ended meanwhile nothing is sent
        for (const data of ["hello", "world"]) {
            await sleep(1000, undefined, { ref: false })
            connection.send({ type: "text", data })
        }
        connection.close(1000)
    },
}
