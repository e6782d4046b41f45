import type { IncomingHttpHeaders } from "node:http"
import { BlockList, isIP, isIPv4, type Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import { canonicalAddress, hostAndPort } from "../http/address.ts"
import { listOf } from "../http/field-list.ts"

/** Who is on the other side. */
export interface ClientAddress {
    /** For the log: `192.0.2.7:50123`; behind a trusted proxy `192.0.2.7,127.0.0.1:50123` */
    name: string
    /** The client's IP address, in its canonical form */
    address: string
    /** Whether the client came by TLS */
    secure: boolean
}

/**
 * The proxies whose word is taken for who the client is.
 * @param ranges addresses and CIDR ranges: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`
 * @throws RangeError for anything else
 */
export function proxies(ranges: readonly string[]): BlockList {
    const list = new BlockList()
    for (const range of ranges) {
        const [address, prefix, ...more] = range.split("/")
        const bits = isIPv4(address) ? 32 : 128
        const length = prefix === undefined ? bits : Number(prefix)
        const isLength = prefix === undefined || /^\d+$/.test(prefix)
        if (!isIP(address) || !isLength || length > bits || more.length)
            throw new RangeError(
                `${range}: expected an address or a range such as 10.0.0.0/8`
            )
        list.addSubnet(address, length, isIPv4(address) ? "ipv4" : "ipv6")
    }
    return list
}

/**
 * The client of a request. A trusted proxy appends the address that it sees to `X-Forwarded-For`, so the client is the
 * last one there that is not a trusted proxy; from anybody else the header says nothing.
 */
export function clientAddressOf(
    socket: Socket,
    headers: IncomingHttpHeaders,
    trusted: BlockList
): ClientAddress {
    const own = socketAddressOf(socket)
    if (!isTrusted(own.address, trusted)) return own
    const hops = forwardedFor(headers)
    const client = hops.findLast(hop => !isTrusted(hop, trusted)) ?? hops[0]
    const proto = listOf(headers["x-forwarded-proto"]).at(-1)?.toLowerCase()
    return {
        name: client ? `${client},${own.name}` : own.name,
        address: client ?? own.address,
        secure: proto === undefined ? own.secure : proto === "https",
    }
}

/** The other end of the TCP connection. */
export function socketAddressOf(socket: Socket): ClientAddress {
    const { remoteAddress, remotePort } = socket
    return {
        name: hostAndPort(remoteAddress, remotePort),
        address: canonicalAddress(remoteAddress ?? ""),
        secure: (socket as Partial<TLSSocket>).encrypted === true,
    }
}

export function isTrusted(address: string, trusted: BlockList): boolean {
    // a socket that has ended has none
    if (!isIP(address)) return false
    return trusted.check(address, isIPv4(address) ? "ipv4" : "ipv6")
}

/** The addresses that proxies wrote, back to the first thing that is none. */
function forwardedFor(headers: IncomingHttpHeaders): string[] {
    const addresses = listOf(headers["x-forwarded-for"])
        .map(hop => hop.replace(/^\[(.*)\](:\d+)?$|^([\d.]+):\d+$/, "$1$3"))
        .map(canonicalAddress)
    const broken = addresses.findLastIndex(address => !isIP(address))
    return addresses.slice(broken + 1)
}
