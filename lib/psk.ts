/** A pre-shared key, and what both sides know it by. */
export interface Psk {
    identity: string
    key: Buffer
}

/** How it is written, as stunnel does, too. */
export const PSK_FORMAT =
    "identity:key, the key with 32 to 128 hexadecimal digits"

/** The device's library takes as many bytes. */
const MAX_IDENTITY = 128

/** @returns undefined for what is not `PSK_FORMAT` */
export function parsePsk(text: string): Psk | undefined {
    const match = /^([^:\p{Cc}]+):((?:[0-9a-f]{2}){16,64})$/iu.exec(text)
    if (!match) return undefined
    const [, identity, key] = match
    if (identity !== identity.trim()) return undefined
    if (Buffer.byteLength(identity) > MAX_IDENTITY) return undefined
    return { identity, key: Buffer.from(key, "hex") }
}
