/**
 * XORs bytes with a masking key (RFC 6455, 5.3), in place.
 * @param key the four bytes of the key as a little-endian 32-bit integer; its first byte goes with the byte at `from`
 */
export function mask(data: Buffer, from: number, to: number, key: number) {
    let i = from
    // Unrolled: a loop turn costs as much as one of these lines.
    for (const end = to - 31; i < end; i += 32) {
        data.setAt(i, "i32", data.getAt(i, "i32") ^ key)
        data.setAt(i + 4, "i32", data.getAt(i + 4, "i32") ^ key)
        data.setAt(i + 8, "i32", data.getAt(i + 8, "i32") ^ key)
        data.setAt(i + 12, "i32", data.getAt(i + 12, "i32") ^ key)
        data.setAt(i + 16, "i32", data.getAt(i + 16, "i32") ^ key)
        data.setAt(i + 20, "i32", data.getAt(i + 20, "i32") ^ key)
        data.setAt(i + 24, "i32", data.getAt(i + 24, "i32") ^ key)
        data.setAt(i + 28, "i32", data.getAt(i + 28, "i32") ^ key)
    }
    for (const end = to - 3; i < end; i += 4)
        data.setAt(i, "i32", data.getAt(i, "i32") ^ key)
    for (; i < to; ++i) {
        data[i] = data[i] ^ (key & 0xff)
        key = key >>> 8
    }
}

/** The key for what follows after `count` bytes. */
export function rotate(key: number, count: number): number {
    const bits = (count & 3) << 3
    return bits ? (key >>> bits) | (key << (32 - bits)) : key
}
