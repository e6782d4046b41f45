/** What the tests of compression send: the same each time, and compressible to different degrees. */
import { createHash } from "node:crypto"

/** JSON such as sensors send, as long as asked. */
export function json(length: number): string {
    const count = Math.ceil(length / 8)
    return Array.from({ length: count }, (_, i) => `{"v":${i * 37.5}},`)
        .join("")
        .slice(0, length)
}

/** Bytes that do not get shorter. */
export function noise(length: number): Buffer {
    const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, i) =>
        createHash("sha512").update(String(i)).digest()
    )
    return Buffer.concat(blocks).subarray(0, length)
}

/** Words of a language in an order without a rule. */
export function prose(words: string, length: number): string {
    const known = words.split(" ")
    const order = noise(length)
    const text = Array.from(order, byte => known[byte % known.length])
    return text.join(" ").slice(0, length)
}
