import { BlockList, isIPv6 } from "node:net"

/** What one client may take. */
export interface AddressQuota {
    /** Connections from one IPv4 address or IPv6 /64 */
    most: number
    /** This machine's own addresses, where a proxy may stand for many, take as many as there are */
    sparesLoopback: boolean
}

/** Counts connections by where they come from. */
export class ConnectionQuota {
    readonly #most: number
    readonly #share: AddressQuota
    readonly #taken = new Map<string, number>()
    #total = 0

    /** @param most connections in all */
    constructor(most: number, share: AddressQuota) {
        this.#most = most
        this.#share = share
    }

    /** Takes a seat. @returns what to call to give it back, once; else whose fault it is that there is none */
    take(address: string): (() => void) | "all" | "address" {
        if (this.#total >= this.#most) return "all"
        const from = networkOf(address)
        const before = this.#taken.get(from) ?? 0
        if (before >= this.#share.most && !this.#spares(address))
            return "address"
        this.#total++
        this.#taken.set(from, before + 1)
        return () => {
            this.#total--
            const left = (this.#taken.get(from) ?? 0) - 1
            if (left > 0) this.#taken.set(from, left)
            else this.#taken.delete(from)
        }
    }

    #spares(address: string): boolean {
        if (!this.#share.sparesLoopback) return false
        return LOOPBACK.check(address, isIPv6(address) ? "ipv6" : "ipv4")
    }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4")
LOOPBACK.addAddress("::1", "ipv6")

/** One customer has a whole /64 of IPv6 (RFC 6177), but one address of IPv4. */
function networkOf(address: string): string {
    if (!isIPv6(address)) return address
    const [head, tail] = address.split("%")[0].split("::")
    const before = head ? head.split(":") : []
    const after = tail ? tail.split(":") : []
    const zeros = Math.max(8 - before.length - after.length, 0)
    const groups =
        tail === undefined
            ? before
            : [...before, ...Array<string>(zeros).fill("0"), ...after]
    return groups.slice(0, 4).join(":")
}
