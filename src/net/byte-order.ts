/** Numbers in network byte order: the most significant byte first. */

/** Reads a big-endian 16-bit number. */
export function u16(data: Buffer, at: number): number {
    return (data[at] << 8) | data[at + 1]
}

/** Writes a big-endian 16-bit number. */
export function setU16(data: Buffer, at: number, value: number) {
    data[at] = value >> 8
    data[at + 1] = value & 0xff
}
