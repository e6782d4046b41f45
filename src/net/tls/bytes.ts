import { setU16 } from "../byte-order"

/** Two pieces in one. Buffer.concat brings five times as much program along. */
export function join(first: Buffer, second: Buffer): Buffer {
    const both = Buffer.alloc(first.length + second.length)
    both.blitAt(0, first, 0, first.length)
    both.blitAt(first.length, second, 0, second.length)
    return both
}

/** Data with their length, of 16 bits, before them. */
export function vector(data: Buffer): Buffer {
    const length = Buffer.alloc(2)
    setU16(length, 0, data.length)
    return join(length, data)
}

/** Whether bytes end with a secret from `at` on; takes the same time wherever they differ. */
export function isSame(bytes: Buffer, at: number, secret: Buffer): boolean {
    const { length } = secret
    let difference = bytes.length ^ (at + length)
    for (let i = 0; i < length; ++i) difference |= bytes[at + i] ^ secret[i]
    return difference === 0
}

/** Overwrites a secret. */
export function wipe(secret: Buffer) {
    secret.fillAt(0, secret.length, 0)
}
