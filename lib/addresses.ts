/** The network addresses of this computer. */
import { networkInterfaces } from "node:os"

function all() {
    return Object.values(networkInterfaces()).flatMap(list => list ?? [])
}

/** Every address, loopback and IPv6 included. */
export function ownAddresses(): string[] {
    return all().map(({ address }) => address)
}

/** The IPv4 addresses at which other machines, such as a board, reach this computer. */
export function reachableAddresses(): string[] {
    return all()
        .filter(({ family, internal }) => family === "IPv4" && !internal)
        .map(({ address }) => address)
}
