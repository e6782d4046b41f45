import { isIPv6 } from "node:net"
import { networkInterfaces } from "node:os"

/** `host:port` as it stands in a URL: IPv6 in brackets, an IPv4 address mapped into IPv6 as the IPv4 address it is. */
export function hostAndPort(host = "unknown", port = 0): string {
    const plain = plainAddress(host)
    return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`
}

/** An IPv4 address that is mapped into IPv6 as the IPv4 address that it is; others as they are. */
export function plainAddress(address: string): string {
    return address.replace(/^::ffff:(?=\d+\.)/, "")
}

/** The addresses at which other machines, such as a board, reach a server that listens on all of them. */
export function addressesOf(host: string): string[] {
    if (host !== "0.0.0.0" && host !== "::") return []
    return Object.values(networkInterfaces())
        .flatMap(addresses => addresses ?? [])
        .filter(({ family, internal }) => family === "IPv4" && !internal)
        .map(({ address }) => address)
}
