/**
 * Reads an IPv4 address in dotted notation.
 * @returns four bytes; undefined for anything else
 */
export function parseIp(text: string): Buffer {
    const ip = Buffer.alloc(4)
    const parts = text.split(".")
    if (parts.length !== 4) return undefined
    for (let i = 0; i < 4; ++i) {
        const value = parseInt(parts[i])
        if (!(value >= 0 && value <= 255) || `${value}` !== parts[i])
            return undefined
        ip[i] = value
    }
    return ip
}
