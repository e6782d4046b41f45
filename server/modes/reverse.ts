import type { Mode } from "./mode.ts"

/** Reverses text by Unicode code point, so that a surrogate pair stays whole, and binary by byte. */
export const reverse: Mode = {
    port: 8000,
    path: "/ws",
    about: "The server sends each message back reversed.",
    message: (connection, { type, data }) =>
        connection.send(
            type === "text"
                ? { type, data: reversed(data) }
                : { type, data: Buffer.from(data).reverse() }
        ),
}

/** Over the UTF-16 units and at once: many times as fast as over an array of code points. */
function reversed(text: string): string {
    const units = Buffer.from(text, "utf16le").reverse().swap16()
    const result = units.toString("utf16le")
    return SURROGATE.test(text) ? result.replace(SWAPPED_PAIR, "$2$1") : result
}

/** Half of a code point above U+FFFF, and a code point whose halves have changed places. */
const SURROGATE = /[\ud800-\udfff]/
const SWAPPED_PAIR = /([\udc00-\udfff])([\ud800-\udbff])/g
