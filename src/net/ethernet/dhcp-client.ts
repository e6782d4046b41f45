/** The client's side of DHCP (RFC 2131, 4.4). */
import { randomBuffer } from "@devicescript/crypto"
import { millis } from "../../fiber/clock"
import { Signal, wait } from "../../fiber/signal"
import { u16 } from "../byte-order"
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
import { IpConfig, sameIp } from "./ip"
import { UdpSocket } from "./udp"

const CLIENT_PORT = 68
const SERVER_PORT = 67
const DISCARD_PORT = 9
const BROADCAST = hex`ffffffff`
/** Milliseconds until the first message is repeated, and at most (RFC 2131, 4.1). */
const FIRST_WAIT = 4000
const LONGEST_WAIT = 64000
/** Requests for one offer, before the search starts anew. */
const REQUESTS = 3
/** Milliseconds that others have to offer something, when a server offers that has refused before. */
const SECOND_CHANCE = 1000
/** Seconds, when a server does not say how long, or 0. */
const DEFAULT_LEASE = 600
/** Milliseconds between two attempts to extend a lease, at least (RFC 2131, 4.4.5). */
const SHORTEST_RETRY = 60000
/** Milliseconds: a lease may last longer than the VM can wait at a stretch. */
const LONGEST_REST = 3600000
/** Milliseconds between two looks at the link while an answer is awaited. */
const LOOK_INTERVAL = 500
/** Milliseconds until the client goes on after the chip has failed. */
const CHIP_RETRY = 1000

/** RFC 2131, figure 5. */
export type DhcpState =
    | "INIT"
    | "SELECTING"
    | "REQUESTING"
    | "INIT-REBOOT"
    | "REBOOTING"
    | "BOUND"
    | "RENEWING"
    | "REBINDING"

/** What the client needs of the interface that it finds an address for. */
export interface DhcpHost {
    readonly mac: Buffer
    readonly hostName: string
    /** The cable leads to a live port, and the chip works. */
    readonly linked: boolean
    /** How often the link has come up. */
    readonly links: number
    /** `linked`, `links` or the address changed. */
    readonly changed: Signal
    openUdp(port: number): Promise<UdpSocket>
    /** @param config what to use from now on; `undefined`: nothing. Connections do not survive a change of address */
    configure(config: IpConfig): Promise<void>
}

/** An address on loan. Times in terms of `millis()`. */
interface Lease extends DhcpReply {
    renewAt: number
    rebindAt: number
    expiresAt: number
}

interface Client {
    host: DhcpHost
    state: DhcpState
    /** `host.links` at the last look. */
    links: number
    udp?: UdpSocket
    xid?: Buffer
    lease?: Lease
    /** When to ask for more time. */
    askAt?: number
    /** Hardware address of the lease's router, in hex; without it the router does not answer ARP. */
    router?: string
    /** Milliseconds of patience for an offer; doubles with each search that fails. */
    patience: number
    /** The last answer was a NAK. */
    refused: boolean
    /** The server that did not keep what it had offered. */
    refusedBy?: Buffer
}

/** Gets an address and keeps it, for ever. */
export async function keepAddress(host: DhcpHost) {
    const client: Client = {
        host,
        state: "INIT",
        links: 0,
        patience: FIRST_WAIT,
        refused: false,
    }
    for (;;) {
        try {
            await step(client)
        } catch {
            // the chip failed, and whoever polls it finds out why
            if (client.state === "REBOOTING") client.state = "INIT-REBOOT"
            await wait(host.changed, CHIP_RETRY)
        }
    }
}

async function step(client: Client) {
    const { host, lease, askAt } = client
    const now = millis()
    if (!host.linked) await wait(host.changed)
    else if (lease && now >= lease.expiresAt) await drop(client)
    else if (client.links !== host.links) {
        client.links = host.links
        client.patience = FIRST_WAIT
        client.refused = false
        client.state = lease ? "INIT-REBOOT" : "INIT"
    } else if (lease && client.state !== "INIT-REBOOT" && now < askAt)
        await wait(host.changed, Math.min(askAt - now, LONGEST_REST))
    else if (client.refused) {
        client.refused = false
        await wait(host.changed, jittered(client.patience / 2))
    } else await settle(client, await converse(client))
}

/** The link went down or came up: whatever is awaited will not come, or not from here. */
function isInterrupted(client: Client): boolean {
    const { host } = client
    return !host.linked || client.links !== host.links
}

/** @returns an ACK, a NAK, or nothing */
async function converse(client: Client): Promise<DhcpReply> {
    const udp = await client.host.openUdp(CLIENT_PORT)
    client.udp = udp
    client.xid = randomBuffer(4)
    try {
        if (!client.lease) return await search(client)
        if (client.state === "INIT-REBOOT") return await reboot(client)
        return await extend(client)
    } finally {
        await udp.close()
    }
}

/** INIT, SELECTING, REQUESTING. */
async function search(client: Client): Promise<DhcpReply> {
    client.state = "SELECTING"
    await send(client, BROADCAST, requestOf(client, DHCP_DISCOVER))
    const offer = await hearOffer(client)
    if (!offer) return undefined

    client.state = "REQUESTING"
    const { server } = offer
    const request = requestOf(client, DHCP_REQUEST)
    request.wanted = offer.ip
    request.server = server
    client.refusedBy = server
    for (let n = 0; n < REQUESTS; ++n) {
        await send(client, BROADCAST, request)
        const reply = await hearVerdict(client, soon(FIRST_WAIT << n), server)
        if (reply || isInterrupted(client)) return reply
    }
    return undefined
}

/** INIT-REBOOT, REBOOTING: any server may answer. */
async function reboot(client: Client): Promise<DhcpReply> {
    client.state = "REBOOTING"
    const request = requestOf(client, DHCP_REQUEST)
    request.wanted = client.lease.ip
    await send(client, BROADCAST, request)
    return await hearVerdict(client, soon(FIRST_WAIT))
}

/** RENEWING: the lease's server is asked for more time. REBINDING: any server. */
async function extend(client: Client): Promise<DhcpReply> {
    const { server, ip, rebindAt, expiresAt } = client.lease
    const rebinding = millis() >= rebindAt
    const end = rebinding ? expiresAt : rebindAt
    client.state = rebinding ? "REBINDING" : "RENEWING"
    const request = requestOf(client, DHCP_REQUEST)
    request.current = ip
    await send(client, rebinding ? BROADCAST : server, request)
    const reply = await hearVerdict(
        client,
        Math.min(soon(FIRST_WAIT), end),
        rebinding ? undefined : server
    )
    // half of what remains, as RFC 2131, 4.4.5 wants it
    const now = millis()
    client.askAt = Math.min(
        end,
        now + Math.max((end - now) / 2, SHORTEST_RETRY)
    )
    return reply
}

function requestOf(client: Client, type: number): DhcpRequest {
    const { mac, hostName } = client.host
    return { type, xid: client.xid, mac, hostName }
}

async function send(client: Client, to: Buffer, request: DhcpRequest) {
    await client.udp.send(to, SERVER_PORT, encodeRequest(request))
}

/** The first offer; one of the server that did not keep its last one only when nobody else offers anything. */
async function hearOffer(client: Client): Promise<DhcpReply> {
    const { refusedBy } = client
    let deadline = soon(client.patience)
    let spare: DhcpReply
    for (;;) {
        const reply = await hear(client, deadline)
        if (!reply) return spare
        if (reply.type !== DHCP_OFFER) continue
        if (!refusedBy || !sameIp(reply.server, refusedBy)) return reply
        if (!spare) deadline = Math.min(deadline, millis() + SECOND_CHANCE)
        spare = reply
    }
}

/** @param server whose ACK or NAK counts; `undefined`: anybody's */
async function hearVerdict(
    client: Client,
    deadline: number,
    server?: Buffer
): Promise<DhcpReply> {
    for (;;) {
        const reply = await hear(client, deadline)
        if (!reply) return undefined
        if (reply.type !== DHCP_ACK && reply.type !== DHCP_NAK) continue
        if (!server || sameIp(reply.server, server)) return reply
    }
}

/** @returns the next sound reply to this client; `undefined` at the deadline, or when the link changed */
async function hear(client: Client, deadline: number): Promise<DhcpReply> {
    const { udp, xid, host } = client
    for (;;) {
        const now = millis()
        if (now >= deadline || isInterrupted(client)) return undefined
        const datagram = await udp.recv(Math.min(deadline, now + LOOK_INTERVAL))
        if (!datagram || datagram.port !== SERVER_PORT) continue
        const reply = decodeReply(datagram.data, xid, host.mac)
        if (!reply) continue
        // RFC 2131, 4.3.1 wants the server to say who it is; some do not
        if (!reply.server) reply.server = datagram.ip
        return reply
    }
}

/** What follows from an answer, or from none. */
async function settle(client: Client, reply: DhcpReply) {
    if (reply && reply.type === DHCP_ACK) await bind(client, leaseOf(reply))
    else if (reply) {
        client.refused = true
        await drop(client)
    } else if (isInterrupted(client)) return
    else if (client.state === "REBOOTING") {
        const { router } = client
        if (router && (await findRouter(client)) === router)
            client.state = "BOUND"
        else if (!isInterrupted(client)) await drop(client)
    } else if (!client.lease) await drop(client)
}

async function bind(client: Client, lease: Lease) {
    client.state = "BOUND"
    client.lease = lease
    client.askAt = lease.renewAt
    client.patience = FIRST_WAIT
    client.refusedBy = undefined
    client.router = undefined
    await client.host.configure(lease)
    client.router = await findRouter(client)
}

/** Back to INIT. */
async function drop(client: Client) {
    client.state = "INIT"
    client.patience = Math.min(client.patience * 2, LONGEST_WAIT)
    if (!client.lease) return
    client.lease = undefined
    client.patience = FIRST_WAIT
    await client.host.configure(undefined)
}

/**
 * Whether a network is the one it was shows by its router's hardware address (RFC 4436, 2.1): the chip asks for it by ARP,
 * before it sends a byte that nobody wants.
 * @returns `undefined` when nobody answers
 */
async function findRouter(client: Client): Promise<string> {
    const { gateway, server } = client.lease
    const udp = await client.host.openUdp(CLIENT_PORT)
    try {
        const router = gateway[0] ? gateway : server
        if (!(await udp.send(router, DISCARD_PORT, Buffer.alloc(1))))
            return undefined
        return (await udp.hardwareAddress()).toString("hex")
    } finally {
        await udp.close()
    }
}

function soon(milliseconds: number): number {
    return millis() + jittered(milliseconds)
}

/** RFC 2131, 4.1: plus or minus a second, so that many clients do not speak in chorus. */
function jittered(milliseconds: number): number {
    return milliseconds - 1000 + ((u16(randomBuffer(2), 0) * 2000) >> 16)
}

/** @internal */
export function leaseOf(reply: DhcpReply): Lease {
    const lease = reply as Lease
    const { renewal, rebinding } = reply
    const now = millis()
    // not `||`: to the VM a number beyond 31 bits, such as a lease for ever, is false
    const length = reply.lease > 0 ? reply.lease : DEFAULT_LEASE
    const sound = renewal > 0 && renewal < rebinding && rebinding < length
    lease.renewAt = now + (sound ? renewal : length / 2) * 1000
    lease.rebindAt = now + (sound ? rebinding : (length * 7) / 8) * 1000
    lease.expiresAt = now + length * 1000
    return lease
}
