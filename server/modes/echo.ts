import type { Mode } from "./mode.ts"

/** Returns each message as it came. */
export const echo: Mode = {
    port: 8000,
    path: "/ws",
    about: "The server sends each message back as it came.",
    message: (connection, message) => connection.send(message),
}
