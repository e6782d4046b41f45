import { millis } from "@devicescript/core"
import { randomBuffer } from "@devicescript/crypto"
import {
    decodeReply,
    DHCP_ACK,
    DHCP_DISCOVER,
    DHCP_NAK,
    DHCP_OFFER,
    DHCP_REQUEST,
    DhcpReply,
    DhcpRequest,
    encodeRequest,
} from "./dhcp"
import { UdpSocket } from "./udp"

const SERVER_PORT = 67
const BROADCAST = Buffer.from("ffffffff", "hex")
/** Milliseconds until the first message is repeated, and at most (RFC 2131, 4.1). */
const FIRST_WAIT = 4000
const LONGEST_WAIT = 64000
/** Requests for one offer, before the search starts anew. */
const REQUESTS = 3
/** Seconds; a server that does not say how long a lease is breaks RFC 2131, 3.1. */
const DEFAULT_LEASE = 3600
/** Milliseconds between two attempts to extend a lease, at least (RFC 2131, 4.4.5). */
const SHORTEST_RETRY = 60000

/** An address on loan. Times in terms of `millis()`. */
export interface Lease extends DhcpReply {
    renewAt: number
    rebindAt: number
    expiresAt: number
}

/** The client's side of DHCP: gets a lease and extends it. When to do what is up to the caller. */
export class DhcpClient {
    private xid: Buffer

    /**
     * @param openUdp opens a socket with local port 68
     * @param isUp false when waiting for answers has become pointless
     */
    constructor(
        private readonly openUdp: () => Promise<UdpSocket>,
        private readonly isUp: () => boolean,
        private readonly mac: Buffer,
        private readonly hostName: string
    ) {}

    /** Looks for a server until one gives an address; undefined when the link goes down. */
    async acquire(): Promise<Lease> {
        const udp = await this.openUdp()
        try {
            let wait = FIRST_WAIT
            while (this.isUp()) {
                this.xid = randomBuffer(4)
                await this.say(udp, { type: DHCP_DISCOVER })
                const offer = await this.hear(udp, jittered(wait), true)
                const lease = offer && (await this.accept(udp, offer))
                if (lease) return lease
                wait = Math.min(wait * 2, LONGEST_WAIT)
            }
            return undefined
        } finally {
            await udp.close()
        }
    }

    private async accept(udp: UdpSocket, offer: DhcpReply): Promise<Lease> {
        const { ip, server } = offer
        let wait = FIRST_WAIT
        for (let n = 0; n < REQUESTS && this.isUp(); ++n) {
            await this.say(udp, { type: DHCP_REQUEST, wanted: ip, server })
            const reply = await this.hear(udp, jittered(wait), false)
            if (reply)
                return reply.type === DHCP_ACK ? leaseOf(reply) : undefined
            wait *= 2
        }
        return undefined
    }

    /**
     * Asks once to keep the address.
     * @param server the one to ask; undefined: any
     * @param moved the client may be in another network now (RFC 2131, 3.2: INIT-REBOOT)
     * @returns the lease as it is now; null when the address must not be used any more
     */
    async extend(lease: Lease, server: Buffer, moved: boolean): Promise<Lease> {
        const udp = await this.openUdp()
        try {
            this.xid = randomBuffer(4)
            const { ip } = lease
            const type = DHCP_REQUEST
            await this.say(
                udp,
                moved ? { type, wanted: ip } : { type, current: ip },
                server
            )
            const reply = await this.hear(udp, jittered(FIRST_WAIT), false)
            if (!reply) return retryLater(lease)
            return reply.type === DHCP_ACK ? leaseOf(reply) : null
        } finally {
            await udp.close()
        }
    }

    private async say(
        udp: UdpSocket,
        what: Partial<DhcpRequest>,
        server?: Buffer
    ) {
        const { xid, mac, hostName } = this
        const { type, current, wanted } = what
        const message = encodeRequest({
            type,
            xid,
            mac,
            hostName,
            current,
            wanted,
            server: what.server,
        })
        await udp.send(server || BROADCAST, SERVER_PORT, message)
    }

    /** Waits for an offer, or else for ACK or NAK; everything else on the port is not for us. */
    private async hear(
        udp: UdpSocket,
        patience: number,
        offer: boolean
    ): Promise<DhcpReply> {
        const deadline = millis() + patience
        for (;;) {
            const datagram = await udp.recv(deadline)
            if (!datagram) return undefined
            if (datagram.port !== SERVER_PORT) continue
            const reply = decodeReply(datagram.data, this.xid, this.mac)
            if (!reply) continue
            const { type } = reply
            if (offer ? type === DHCP_OFFER : type === DHCP_ACK) return reply
            if (!offer && type === DHCP_NAK) return reply
        }
    }
}

/** RFC 2131, 4.1: plus or minus a second, so that many clients do not speak in chorus. */
function jittered(milliseconds: number): number {
    return (
        milliseconds - 1000 + ((randomBuffer(2).getAt(0, "u16") * 2000) >> 16)
    )
}

function leaseOf(reply: DhcpReply): Lease {
    const lease = reply as Lease
    const now = millis()
    const length = (reply.lease || DEFAULT_LEASE) * 1000
    let renewal = length / 2
    let rebinding = (length * 7) / 8
    if (reply.renewal && reply.rebinding) {
        const { renewal: t1, rebinding: t2 } = reply
        if (t1 < t2 && t2 * 1000 < length) {
            renewal = t1 * 1000
            rebinding = t2 * 1000
        }
    }
    lease.renewAt = now + renewal
    lease.rebindAt = now + rebinding
    lease.expiresAt = now + length
    return lease
}

/** Half of what remains, as RFC 2131, 4.4.5 wants it. */
function retryLater(lease: Lease): Lease {
    const now = millis()
    if (now < lease.rebindAt) lease.renewAt = now + halfOf(lease.rebindAt - now)
    else lease.renewAt = lease.rebindAt = now + halfOf(lease.expiresAt - now)
    return lease
}

function halfOf(milliseconds: number): number {
    return Math.max(milliseconds / 2, SHORTEST_RETRY)
}
