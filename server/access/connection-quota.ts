import { BlockList, isIPv6 } from "node:net"

/**
 * TCP connections that one address may have besides its open ones, to ask for something.
 */
const ASKING_PER_ADDRESS = 32

/** How many connections there may be. */
export interface QuotaSettings {
    /** Open ones in all */
    total: number
    /** Open ones from one IPv4 address or IPv6 /64 */
    perAddress: number
    /** Loopback, where a proxy may stand for many, may take all of them */
    sparesLoopback: boolean
}

/** Gives back what was taken; to be called once. */
export type Release = () => void

/** Counts connections by where they come from: the TCP connections, and those that were let in. */
export class ConnectionQuota {
    readonly #settings: QuotaSettings
    readonly #networks = new Map<string, { tcp: number; open: number }>()
    #open = 0

    constructor(settings: QuotaSettings) {
        this.#settings = settings
    }

    /** Counts a TCP connection, which may become an open one. @returns `undefined` when its address has too many */
    connect(address: string): Release | undefined {
        const { perAddress } = this.#settings
        return this.#take(address, "tcp", perAddress + ASKING_PER_ADDRESS)
    }

    /** Counts a connection that is let in. @returns else which limit it met */
    open(address: string): Release | "total" | "address" {
        if (this.#open >= this.#settings.total) return "total"
        return (
            this.#take(address, "open", this.#settings.perAddress) ?? "address"
        )
    }

    #take(
        address: string,
        kind: "tcp" | "open",
        limit: number
    ): Release | undefined {
        const key = networkOf(address)
        const network = this.#networks.get(key) ?? { tcp: 0, open: 0 }
        if (network[kind] >= limit && !this.#isSpared(address)) return undefined
        network[kind]++
        if (kind === "open") this.#open++
        this.#networks.set(key, network)
        return () => {
            network[kind]--
            if (kind === "open") this.#open--
            if (network.tcp + network.open === 0) this.#networks.delete(key)
        }
    }

    #isSpared(address: string): boolean {
        if (!this.#settings.sparesLoopback) return false
        return LOOPBACK.check(address, isIPv6(address) ? "ipv6" : "ipv4")
    }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4")
LOOPBACK.addAddress("::1", "ipv6")

/** One customer has a whole /64 of IPv6 (RFC 6177), but one address of IPv4. @param address in its canonical form */
function networkOf(address: string): string {
    if (!isIPv6(address)) return address
    const [head, tail] = address.split("::")
    const before = head ? head.split(":") : []
    const after = tail ? tail.split(":") : []
    const zeros = tail === undefined ? 0 : 8 - before.length - after.length
    const groups = [...before, ...Array<string>(zeros).fill("0"), ...after]
    return groups.slice(0, 4).join(":")
}
