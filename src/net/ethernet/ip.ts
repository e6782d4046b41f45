/** IPv4 addresses. */

/** How a device is seen on its network; addresses of four bytes each. */
export interface IpConfig {
    ip: Buffer
    mask: Buffer
    /** 0.0.0.0 when there is no router. */
    gateway: Buffer
    dns: Buffer[]
}

/** Whether two addresses are the same. */
export function sameIp(a: Buffer, b: Buffer): boolean {
    return a.getAt(0, "u32") === b.getAt(0, "u32")
}

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

/**
 * Reads a fixed address: `192.168.1.50/24 192.168.1.1 192.168.1.53`, that is address and prefix length, router, DNS servers.
 * @returns undefined for `dhcp`
 * @throws RangeError
 */
export function parseAddress(text: string): IpConfig {
    if (text === "dhcp") return undefined
    const words = text.split(" ")
    const own = words[0].split("/")
    const prefix = parseInt(own[1])
    const addresses = words.map((word, i) => parseIp(i ? word : own[0]))
    if (
        own.length !== 2 ||
        !(prefix >= 1 && prefix <= 30) ||
        addresses.length < 2 ||
        addresses.indexOf(undefined) >= 0
    )
        throw new RangeError(
            `address: expected dhcp, or address/prefix, router and DNS servers, got "${text}"`
        )
    const mask = Buffer.alloc(4)
    for (let bit = 0; bit < prefix; ++bit) mask[bit >> 3] |= 0x80 >> (bit & 7)
    return {
        ip: addresses[0],
        mask,
        gateway: addresses[1],
        dns: addresses.slice(2),
    }
}
