import type { Mode } from "./mode.ts"

/** Puts a text in front of each message; of a binary one, its bytes in UTF-8. */
export const prefix: Mode = {
    port: 8888,
    path: "/socket",
    about: "The server sends each message back with “{prefix}” in front.",
    message: (connection, { type, data }, { prefix }) =>
        connection.send(
            type === "text"
                ? { type, data: prefix + data }
                : { type, data: Buffer.concat([Buffer.from(prefix), data]) }
        ),
}
