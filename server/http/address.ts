import { isIP, isIPv6 } from "node:net"

/** `host:port` as it stands in a URL: IPv6 in brackets, an IPv4 address mapped into IPv6 as the IPv4 address it is. */
export function hostAndPort(host = "unknown", port = 0): string {
    const plain = isIP(host) ? canonicalAddress(host) : host
    return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`
}

/**
 * An IP address in the one form that all its spellings share: IPv6 as in RFC 5952, without the zone; an IPv4 address that is
 * mapped into IPv6 as the IPv4 address that it is.
 */
export function canonicalAddress(address: string): string {
    // most come from Node, which writes them so
    if (!isIPv6(address)) return address
    const [bare] = address.split("%")
    const mapped = /^::ffff:([\d.]+)$/.exec(bare)
    if (mapped) return mapped[1]
    const { hostname } = new URL(`http://[${bare}]`)
    const canonical = hostname.slice(1, -1)
    const words = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical)
    if (!words) return canonical
    return words
        .slice(1)
        .map(word => parseInt(word, 16))
        .flatMap(word => [word >> 8, word & 255])
        .join(".")
}
